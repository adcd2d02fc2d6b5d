"""Industries: section and division of ISIC Revision 4, as `C26` (electronic products).

Korea's KSIC and China's GB/T 4754 are refinements of ISIC with their own finer levels; section and
division is as deep as statistics compare countries, and every national code leads to one.
"""

from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

_DIVISIONS: Final = {
    "A": range(1, 4),
    "B": range(5, 10),
    "C": range(10, 34),
    "D": range(35, 36),
    "E": range(36, 40),
    "F": range(41, 44),
    "G": range(45, 48),
    "H": range(49, 54),
    "I": range(55, 57),
    "J": range(58, 64),
    "K": range(64, 67),
    "L": range(68, 69),
    "M": range(69, 76),
    "N": range(77, 83),
    "O": range(84, 85),
    "P": range(85, 86),
    "Q": range(86, 89),
    "R": range(90, 94),
    "S": range(94, 97),
    "T": range(97, 99),
    "U": range(99, 100),
}


def _known_industry(code: str) -> str:
    if int(code[1:]) not in _DIVISIONS[code[0]]:
        raise ValueError("the section has no such division")
    return code


Industry = Annotated[
    str,
    StringConstraints(pattern=r"^[A-U][0-9]{2}$"),
    AfterValidator(_known_industry),
    Field(description="section and division of ISIC Rev. 4", examples=["C26"]),
]
