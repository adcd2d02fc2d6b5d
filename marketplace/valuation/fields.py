"""The 35 fields of technology by which WIPO sorts patents, and which of them a symbol belongs to.

WIPO, IPC-Technology Concordance Table (Schmoch 2008, with the classes that came later). The longest
prefix that is listed decides, so that an exception stands beside the class that it is taken from.
"""

import re
from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import Field

FIELDS: Final = {
    1: "electrical machinery, apparatus, energy",
    2: "audio-visual technology",
    3: "telecommunications",
    4: "digital communication",
    5: "basic communication processes",
    6: "computer technology",
    7: "information technology methods for management",
    8: "semiconductors",
    9: "optics",
    10: "measurement",
    11: "analysis of biological materials",
    12: "control",
    13: "medical technology",
    14: "organic fine chemistry",
    15: "biotechnology",
    16: "pharmaceuticals",
    17: "macromolecular chemistry, polymers",
    18: "food chemistry",
    19: "basic materials chemistry",
    20: "materials, metallurgy",
    21: "surface technology, coating",
    22: "micro-structural and nano-technology",
    23: "chemical engineering",
    24: "environmental technology",
    25: "handling",
    26: "machine tools",
    27: "engines, pumps, turbines",
    28: "textile and paper machines",
    29: "other special machines",
    30: "thermal processes and apparatus",
    31: "mechanical elements",
    32: "transport",
    33: "furniture, games",
    34: "other consumer goods",
    35: "civil engineering",
}
WipoField = Annotated[int, Field(ge=1, le=len(FIELDS), strict=True)]

_SYMBOLS: Final = {
    1: "F21 H01B H01C H01F H01G H01H H01J H01K H01M H01R H01T H02 H05B H05C H05F H99",
    2: "G09F G09G G11B H04N H04R H04S H05K",
    3: "G08C H01P H01Q H04B H04H H04J H04K H04M H04N1/ H04N7/ H04N11/ H04Q",
    4: "H04L H04N21/ H04W",
    5: "H03",
    6: "G06 G10L G11C G16B G16C G16Y G16Z",
    7: "G06Q",
    8: "H01L H10",
    9: "G02 G03B G03C G03D G03F G03G G03H H01S",
    10: "G01 G04 G12 G99",
    11: "G01N33/",
    12: "G05B G05D G05F G07 G08B G08G G09B G09C G09D",
    13: "A61B A61C A61D A61F A61G A61H A61J A61L A61M A61N G16H H05G",
    14: "C07B C07C C07D C07F C07H C07J C40 A61K8/ A61Q",
    15: "C07G C07K C12M C12N C12P C12Q C12R C12S",
    16: "A61K A61P",
    17: "C08B C08C C08F C08G C08H C08K C08L",
    18: "A01H A21D A23 C12C C12F C12G C12H C12J C13B10/ C13D C13F C13J C13K",
    19: "A01N A01P C05 C06 C09 C10 C11 C99",
    20: "B22 C01 C03C C04 C21 C22",
    21: "B05C B05D B32 C23 C25 C30",
    22: "B81 B82",
    23: "B01 B02C B03 B04 B05B B06 B07 B08 C14C D06B D06C D06L F25J F26 H05H",
    24: "A62D B01D45/ B01D46/ B01D47/ B01D49/ B01D50/ B01D51/ B01D52/ B01D53/ B09 B65F C02 E01F8/"
    " F01N F23G F23J G01T",
    25: "B25J B65 B66 B67",
    26: "A62B B21 B23 B24 B25 B26 B27 B30",
    27: "F01 F02 F03 F04 F23R F99 G21",
    28: "A41H A43D A46D B31 B41 C14B D01 D02 D03 D04 D05 D06 D21 D99",
    29: "A01 A21B A21C A22 A23N A23P B02B B28 B29 B33 B99 C03B C08J C12L C13 F41 F42",
    30: "F22 F23 F24 F25B F25C F27 F28",
    31: "F15 F16 F17 G05G",
    32: "B60 B61 B62 B63 B64",
    33: "A47 A63",
    34: "A24 A41 A42 A43 A44 A45 A46 A62 A99 B42 B43 B44 B68 D04D D06F D06N D07 F25D G10",
    35: "E01 E02 E03 E04 E05 E06 E21 E99",
}
_BY_PREFIX: Final = {
    prefix: number for number, symbols in _SYMBOLS.items() for prefix in symbols.split()
}
_SPACE: Final = re.compile(r"\s")


def field_of(symbol: str) -> int | None:
    """The field of a symbol of the IPC or CPC (`G06Q 50/18`); None where WIPO lists none."""
    written = _SPACE.sub("", symbol)
    ends = range(len(written), 2, -1)
    return next((_BY_PREFIX[written[:end]] for end in ends if written[:end] in _BY_PREFIX), None)


def fields_of(symbols: Iterable[str]) -> list[int]:
    """The fields that some symbols belong to, in order."""
    return sorted({field for symbol in symbols if (field := field_of(symbol)) is not None})
