"""What the public pages say, in the languages that they speak."""

from collections.abc import Mapping
from typing import Final

from marketplace.pages.public.home_texts import FIGURES
from marketplace.pages.public.market_texts import MARKET

EN: Final = {
    "brand": "Idea and Patent Marketplace",
    "language": "Language",
    "skip": "Skip to the content",
    "nav": "Main",
    "nav.figures": "Figures",
    "nav.catalogue": "Catalogue",
    "nav.auctions": "Auctions",
    "nav.data": "Open data",
    "nav.api": "API",
    "nav.account": "Sign in",
    "scroll": "Scroll sideways to see the whole table.",
    "period": "Period",
    "unit": "Unit",
    "unknown": "Not known",
    "kind.idea": "Ideas",
    "kind.patent": "Patents",
    "kind.utility_model": "Utility models",
    "kind.design": "Designs",
    "kind.unspecified": "Not specified (printed history)",
}
KO: Final = {
    "brand": "아이디어·특허 마켓플레이스",
    "language": "언어",
    "skip": "본문으로 건너뛰기",
    "nav": "주 메뉴",
    "nav.figures": "실적",
    "nav.catalogue": "매물",
    "nav.auctions": "경매",
    "nav.data": "공공 데이터",
    "nav.api": "API",
    "nav.account": "로그인",
    "scroll": "표를 옆으로 밀면 전체를 볼 수 있습니다.",
    "period": "기간",
    "unit": "단위",
    "unknown": "미상",
    "kind.idea": "아이디어",
    "kind.patent": "특허",
    "kind.utility_model": "실용신안",
    "kind.design": "디자인",
    "kind.unspecified": "구분 없음 (기존 공표)",
}
ZH: Final = {
    "brand": "创意与专利交易平台",
    "language": "语言",
    "skip": "跳到正文",
    "nav": "主菜单",
    "nav.figures": "统计",
    "nav.catalogue": "挂牌目录",
    "nav.auctions": "拍卖",
    "nav.data": "开放数据",
    "nav.api": "API",
    "nav.account": "登录",
    "scroll": "左右滑动可查看整张表。",
    "period": "期间",
    "unit": "单位",
    "unknown": "未知",
    "kind.idea": "创意",
    "kind.patent": "专利",
    "kind.utility_model": "实用新型",
    "kind.design": "外观设计",
    "kind.unspecified": "未区分（既有公布）",
}
UNITS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "10000KRW": "10,000 KRW",
        "100000000KRW": "100 million KRW",
        "10000CNY": "10,000 CNY",
        "100000000CNY": "100 million CNY",
        "KRW": "KRW",
        "CNY": "CNY",
        "USD": "USD",
    },
    "ko": {"CNY": "위안", "10000CNY": "만 위안", "100000000CNY": "억 위안", "USD": "달러"},
    "zh": {"KRW": "韩元", "10000KRW": "万韩元", "100000000KRW": "亿韩元", "USD": "美元"},
}
"""Names of units in a language, where they are not those of the currency's own country."""

_FRAME: Final[Mapping[str, Mapping[str, str]]] = {"en": EN, "ko": KO, "zh": ZH}
TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    language: {**frame, **FIGURES[language], **MARKET[language]}
    for language, frame in _FRAME.items()
}
