"""Names of regions, as papers and registers write them, and the one code of each.

Codes are ISO 3166-2. A name is looked up without case, spaces, marks and the words for the kind of
region, so that "Ji Lin", "Jilin Province" and "吉林省" are one.
"""

import re
import unicodedata
from typing import Final

_CHINA: Final = """
CN-AH Anhui 安徽 안후이
CN-BJ Beijing Pekin Peking 北京 베이징
CN-CQ Chongqing Chungking 重庆 충칭
CN-FJ Fujian Fukien 福建 푸젠
CN-GD Guangdong Canton Kwangtung 广东 광둥
CN-GS Gansu Kansu 甘肃 간쑤
CN-GX Guangxi Kwangsi 广西 广西壮族 광시
CN-GZ Guizhou Kweichow 贵州 구이저우
CN-HA Henan Honan 河南 허난
CN-HB Hubei Hupeh 湖北 후베이
CN-HE Hebei Hopeh 河北 허베이
CN-HI Hainan 海南 하이난
CN-HL Heilongjiang Amur Heilungkiang 黑龙江 헤이룽장
CN-HN Hunan 湖南 후난
CN-JL Jilin Kirin 吉林 지린
CN-JS Jiangsu Kiangsu 江苏 장쑤
CN-JX Jiangxi Kiangsi 江西 장시
CN-LN Liaoning 辽宁 랴오닝
CN-NM InnerMongolia NeiMongol 内蒙古 네이멍구 내몽골 내몽고
CN-NX Ningxia Ninghsia 宁夏 宁夏回族 닝샤
CN-QH Qinghai Tsinghai 青海 칭하이
CN-SC Sichuan Szechuan Szechwan 四川 쓰촨
CN-SD Shandong Shantung 山东 산둥
CN-SH Shanghai 上海 상하이
CN-SN Shaanxi Shensi 陕西 산시陝西
CN-SX Shanxi Shansi 山西 산시山西
CN-TJ Tianjin Tientsin 天津 톈진
CN-XJ Xinjiang Sinkiang 新疆 新疆维吾尔 신장
CN-XZ Xizang Tibet 西藏 시짱 티베트
CN-YN Yunnan 云南 윈난
CN-ZJ Zhejiang Chekiang 浙江 저장
"""
_KOREA: Final = """
KR-11 Seoul 서울 首尔
KR-26 Busan Pusan 부산 釜山
KR-27 Daegu Taegu 대구 大邱
KR-28 Incheon Inchon 인천 仁川
KR-29 Gwangju Kwangju 광주 光州
KR-30 Daejeon Taejon 대전 大田
KR-31 Ulsan 울산 蔚山
KR-41 Gyeonggi Kyonggi 경기 京畿
KR-42 Gangwon Kangwon 강원 江原
KR-43 Chungbuk NorthChungcheong Chungcheongbuk 충북 충청북 忠清北
KR-44 Chungnam SouthChungcheong Chungcheongnam 충남 충청남 忠清南
KR-45 Jeonbuk NorthJeolla Jeollabuk 전북 전라북 全罗北
KR-46 Jeonnam SouthJeolla Jeollanam 전남 전라남 全罗南
KR-47 Gyeongbuk NorthGyeongsang Gyeongsangbuk 경북 경상북 庆尚北
KR-48 Gyeongnam SouthGyeongsang Gyeongsangnam 경남 경상남 庆尚南
KR-49 Jeju Cheju 제주 济州
KR-50 Sejong 세종 世宗
"""
_KINDS: Final = re.compile(
    r"(special|metropolitan|selfgoverning|autonomous|province|region|municipality|city)"
    r"|(特别行政区|特别|自治区|直辖市|省|市|道)$|(특별자치도|특별자치시|특별시|광역시|자치구|도|시|성)$"
)
_PEOPLES: Final = re.compile(r"(uyghur|uygur|uighur|zhuang|hui|위구르|좡족|후이족|회족|장족)$")
"""After whom autonomous regions are called, between the name and the kind."""
_SEPARATING: Final = re.compile(r"[\s.,'’()\-_]+")
NAMES: Final = {
    row.split()[0]: row.split()[1:] for row in (_CHINA + _KOREA).strip().splitlines() if row
}


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKC", name).casefold()
    return _SEPARATING.sub("", letters)


_CODES: Final = {
    **{_plain(name): code for code, names in NAMES.items() for name in names},
    **{_plain(code): code for code in NAMES},
}


def region_code(name: str) -> str | None:
    """The code of a region by any of its names; None when it is no name of one region alone."""
    plain = _plain(name)
    bare = _KINDS.sub("", plain)
    return _CODES.get(plain) or _CODES.get(bare) or _CODES.get(_PEOPLES.sub("", bare))


def region_name(code: str, language: str) -> str:
    """A region's name in a language (`en`, `ko`, `zh`); the code itself when it has none."""
    names = NAMES.get(code, [])
    scripts = {"ko": "[가-힣]", "zh": "[一-鿿]", "en": "[A-Za-z]"}
    fitting = (name for name in names if re.match(scripts[language], name))
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", next(fitting, code))
