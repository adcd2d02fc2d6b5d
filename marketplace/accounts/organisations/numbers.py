"""Business numbers: their forms and check digits. A number is kept without separators.

Own rules, because the usual library (python-stdnum 2.2) does not compute the check digit of Korean
business numbers, accepts an LEI of any length, and does not know Korean corporate registration.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle
from typing import Final

from marketplace.accounts.organisations.errors import WrongNumberError

LENGTH_MAX: Final = 40
_SEPARATORS: Final = re.compile(r"[\s.\-‐-―]")
_USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_MOD_97_REMAINDER: Final = 1


class NumberScheme(StrEnum):
    KR_BUSINESS = "kr_business"
    KR_CORPORATE = "kr_corporate"
    CN_SOCIAL_CREDIT = "cn_social_credit"
    LEI = "lei"


@dataclass(frozen=True, slots=True)
class _Rule:
    """The form of a scheme's numbers, whether one is right, and the country that gives them."""

    form: re.Pattern[str]
    is_right: Callable[[str], bool]
    country: str | None


def _kr_business(number: str) -> bool:
    """사업자등록번호: nine digits and a check digit.

    Every wrong digit is found, since each weight, and for the ninth digit the sum of its two
    parts, permutes the digits modulo ten.
    """
    digits = [int(digit) for digit in number]
    total = sum(d * w for d, w in zip(digits, (1, 3, 7, 1, 3, 7, 1, 3, 5), strict=False))
    return (10 - (total + digits[8] * 5 // 10) % 10) % 10 == digits[9]


def _kr_corporate(number: str) -> bool:
    """법인등록번호: twelve digits and a check digit."""
    digits = [int(digit) for digit in number]
    total = sum(d * w for d, w in zip(digits[:12], cycle((1, 2)), strict=False))
    return (10 - total % 10) % 10 == digits[12]


def _cn_social_credit(number: str) -> bool:
    """统一社会信用代码 (GB 32100-2015): powers of three modulo 31, the last character the check."""
    total = sum(_USCC_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(number[:17]))
    return _USCC_ALPHABET[-total % 31] == number[17]


def _lei(number: str) -> bool:
    """ISO 17442 with the check digits of ISO 7064 MOD 97-10, which are 02 to 98."""
    value = int("".join(str(int(character, 36)) for character in number))
    return value % 97 == _MOD_97_REMAINDER and "02" <= number[18:] <= "98"


_RULES: Final[Mapping[NumberScheme, _Rule]] = {
    NumberScheme.KR_BUSINESS: _Rule(
        re.compile(r"[1-9][0-9]{2}(?!00)[0-9]{2}(?!0000)[0-9]{5}"), _kr_business, "KR"
    ),
    NumberScheme.KR_CORPORATE: _Rule(re.compile(r"[1-9][0-9]{12}"), _kr_corporate, "KR"),
    NumberScheme.CN_SOCIAL_CREDIT: _Rule(
        re.compile(f"[1-9A-HJ-NP-RTUWXY][{_USCC_ALPHABET}][0-9]{{6}}[{_USCC_ALPHABET}]{{10}}"),
        _cn_social_credit,
        "CN",
    ),
    NumberScheme.LEI: _Rule(re.compile(r"[0-9A-Z]{18}[0-9]{2}"), _lei, None),
}


def normalise(scheme: NumberScheme, written: str, *, country: str) -> str:
    """The one spelling of a number: upper case, no spaces, dots or dashes.

    Raises:
        WrongNumberError: of another form, with a wrong check digit, or not given in that country.
    """
    rule = _RULES[scheme]
    if rule.country not in {None, country}:
        raise WrongNumberError(f"{scheme} is a number of {rule.country}")
    number = _SEPARATORS.sub("", written).upper()
    if not rule.form.fullmatch(number) or not rule.is_right(number):
        raise WrongNumberError(f"correct the {scheme} number: its form or check digit is wrong")
    return number
