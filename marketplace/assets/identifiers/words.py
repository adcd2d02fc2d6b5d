"""The words that Korean, Japanese and Chinese put around a number: 특허 제10-1234567호, 特願2019-1.

They are taken off before the forms are tried. What they tell is kept: the office, and where they
name it the right or the document. A word that contradicts its number leaves the text as it is, and
no form knows it then.
"""

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from marketplace.assets.identifiers.document import DocumentClass
from marketplace.assets.identifiers.text import INPUT_LENGTH_MAX, levelled

_Told: TypeAlias = tuple[str, DocumentClass | None]

_KOREAN: Final = re.compile(
    r"(?:KR ?)?(?:대한민국 ?|한국 ?)?(등록|공개)? ?(특허|실용신안|디자인|상표)?"
    r" ?(등록출원|출원|등록|공개)? ?(?:공보|번호)? ?:? ?제? ?(\d[ -~]*?) ?호?"
)
_KOREAN_TYPES: Final = {"특허": "10", "실용신안": "20", "디자인": "30", "상표": "40"}
_KOREAN_STAGES: Final = {
    "등록출원": DocumentClass.APPLICATION,
    "출원": DocumentClass.APPLICATION,
    "공개": DocumentClass.PUBLICATION,
    "등록": DocumentClass.GRANT,
}
_UNTYPED: Final = re.compile(r"(?:(?:19|20)\d\d[ -]?)?\d{7}")

_JAPANESE: Final = re.compile(
    r"(?:JP ?)?(?:日本国? ?)?(?:(?:特許|出願|公開|登録)番号 ?:? ?)?"
    r"(特許|実用新案登録|意匠登録|特願|実願|意願|商願|特開|特表|実開) ?"
    r"(?:第 ?)?([平昭])? ?(\d[\d -]*?) ?(?:号 ?(?:公報)?)?"
)
_JAPANESE_NUMBERS: Final = {
    "特許": "P{}",
    "実用新案登録": "{} U",
    "意匠登録": "{} S",
    "特願": "P{}",
    "実願": "U{}",
    "意願": "D{}",
    "商願": "T{}",
    "特開": "{} A",
    "特表": "{} A",
    "実開": "{} U",
}
# The last character of a word tells its document.
_JAPANESE_STAGES: Final = {
    "録": DocumentClass.GRANT,
    "許": DocumentClass.GRANT,
    "願": DocumentClass.APPLICATION,
    "開": DocumentClass.PUBLICATION,
    "表": DocumentClass.PUBLICATION,
}
_ERAS: Final = {"平": "H", "昭": "S", None: ""}

_CHINESE: Final = re.compile(
    r"(?:中国 ?)?(?:发明 ?|实用新型 ?|外观设计 ?)?"
    r"(专利号|专利|申请号|公开号|公布号|公告号|授权公告号) ?:? ?(?:第 ?)?([A-Z\d][ -~]*?) ?号?",
    re.IGNORECASE,
)
_CHINESE_STAGES: Final = {
    "申请号": DocumentClass.APPLICATION,
    "公开号": DocumentClass.PUBLICATION,
    "公布号": DocumentClass.PUBLICATION,
    "公告号": DocumentClass.GRANT,
    "授权公告号": DocumentClass.GRANT,
}


def without_words(raw: str) -> _Told:
    """The number as its office's forms write it, and the document that the words name, if any.

    A text without such words, or too long to be a number, is given back as it came.
    """
    if raw.isascii() or len(raw) > INPUT_LENGTH_MAX:
        return raw, None
    text = re.sub(" +", " ", levelled(raw)).strip(" ")
    if text.isascii():
        return raw, None
    for pattern, read in _READERS:
        match = pattern.fullmatch(text)
        told = read(match) if match else None
        if told:
            return told
    return raw, None


def _read_korean(match: re.Match[str]) -> _Told | None:
    before, right, after, number = match.groups()
    type_digits = _KOREAN_TYPES.get(right, "")
    if type_digits and _UNTYPED.fullmatch(number):
        number = f"{type_digits}-{number}"
    if not number.startswith(type_digits):
        return None
    return f"KR {number}", _KOREAN_STAGES.get(after or before)


def _read_japanese(match: re.Match[str]) -> _Told:
    word, era, number = match.groups()
    written = _JAPANESE_NUMBERS[word].format(_ERAS[era] + number)
    return f"JP {written}", _JAPANESE_STAGES[word[-1]]


def _read_chinese(match: re.Match[str]) -> _Told:
    word, number = match.groups()
    if word in {"专利号", "专利"} and number[0].isdigit():
        number = f"ZL {number}"
    return f"CN {number}", _CHINESE_STAGES.get(word)


_READERS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], _Told | None]], ...]] = (
    (_KOREAN, _read_korean),
    (_JAPANESE, _read_japanese),
    (_CHINESE, _read_chinese),
)
