"""Texts in four languages whose words are as unevenly frequent as those of real texts."""

import random
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate, count
from typing import Final

WORDS: Final = 3_000
FLATTENED_HEAD: Final = 5
"""Zipf-Mandelbrot: a word of rank r has weight 1 / (r + 5)."""

FUNCTION_WORDS: Final = 5
"""So many of the commonest words bind sentences; nobody searches for them."""

QUERY_LENGTHS: Final = (1, 1, 1, 2, 2, 3)

HEADS: Final = {
    "ko": "및 상기 위한 방법 장치 시스템 이용한 포함하는 데이터 제어 처리 신호 기반 서비스 제공 "
    "센서 모듈 전극 배터리 무선 통신 영상 학습 자동차 의료 조성물 반도체 표시 기판 구조 냉각 "
    "전력 변환 회로 보안 인증 결제 물류 로봇 드론 진단 치료 필터 정수 조명 건조 세척 코팅",
    "zh": "一种 方法 装置 系统 及其 基于 用于 设备 控制 数据 处理 电池 图像 识别 通信 无线 传感器 "
    "材料 制备 结构 半导体 显示 电路 安全 支付 机器人 医疗 诊断 检测 冷却 过滤 涂层 车辆 学习",
    "ja": "方法 装置 および システム 用いた 制御 データ 処理 画像 認識 電池 通信 無線 センサ 材料 "
    "製造 構造 半導体 表示 回路 認証 決済 ロボット 医療 診断 検査 冷却 濾過 被覆 車両 学習",
    "en": "the and for with method device system apparatus data control using signal processing "
    "battery image learning network wireless sensor module power circuit security payment robot "
    "medical diagnosis treatment filter coating cooling vehicle display substrate polymer",
}
SYLLABLES: Final = {
    "ko": "가 고 구 기 나 노 다 도 라 로 마 모 바 보 사 소 수 시 아 오 우 이 자 조 주 지 차 초 "
    "카 코 타 토 파 포 하 호 강 경 광 동 명 상 성 용 원 전 정 중 진 청 현 활",
    "zh": "光 电 热 水 气 金 木 土 高 低 压 温 速 流 动 力 学 化 合 成 分 子 体 面 层 膜 板 管 "
    "线 网 机 器 车 船 件 位 点 值 量 率 波 频 码 键 卡 端 口 门 盘 轴",
    "ja": "光 電 熱 水 気 金 木 土 高 低 圧 温 速 流 動 力 学 化 合 成 分 子 体 面 層 膜 板 管 "
    "線 網 ア イ ウ カ キ ク サ シ ス タ チ ト ナ ニ ラ リ ル ロ",
    "en": "ba co di fu ga hi jo ka le mi no pu qua re si to ve wa xi zo tran plex stor lum therm "
    "graph cept duct form lyt",
}
JOINED_BY: Final = {"ko": " ", "zh": "", "ja": "", "en": " "}
TEASER_WORDS: Final = {"ko": 65, "zh": 110, "ja": 100, "en": 34}
LANGUAGES: Final = tuple(HEADS)
LANGUAGE_WEIGHTS: Final = (50, 20, 10, 20)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one language, commonest first."""

    language: str
    words: list[str]
    cumulative: list[float] = field(repr=False)

    @classmethod
    def of(cls, language: str) -> "Vocabulary":
        """Real words first, made ones after them; the same in every run."""
        chance = random.Random(language)
        words = dict.fromkeys(HEADS[language].split())
        syllables = SYLLABLES[language].split()
        while len(words) < WORDS:
            words["".join(chance.choices(syllables, k=chance.choice((2, 2, 3))))] = None
        weights = (1 / (rank + FLATTENED_HEAD) for rank in range(1, WORDS + 1))
        return cls(language, list(words), list(accumulate(weights)))

    def text(self, chance: random.Random, words: int) -> str:
        chosen = chance.choices(self.words, cum_weights=self.cumulative, k=words)
        return JOINED_BY[self.language].join(chosen)

    def query(self, chance: random.Random) -> str:
        """One to three words that somebody searches for, as common as they are in the texts."""
        wanted = chance.choice(QUERY_LENGTHS)
        drawn = (self.text(chance, 1) for _ in count())
        words: dict[str, None] = {}
        while len(words) < wanted:
            word = next(drawn)
            if word not in self.words[:FUNCTION_WORDS]:
                words[word] = None
        return " ".join(words)


@cache
def vocabularies() -> list[Vocabulary]:
    return [Vocabulary.of(language) for language in LANGUAGES]


def queries(number: int) -> list[str]:
    """A realistic mix of searches, the same in every run."""
    chance = random.Random(number)
    known = vocabularies()
    languages = chance.choices(known, weights=LANGUAGE_WEIGHTS, k=number)
    return [vocabulary.query(chance) for vocabulary in languages]
