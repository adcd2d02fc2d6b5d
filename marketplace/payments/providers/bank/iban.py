"""International bank account numbers, ISO 13616.

Which countries have them, and how long theirs are: the IBAN Registry,
https://www.swift.com/standards/data-standards/iban-international-bank-account-number
"""

import re
from typing import Final

_COUNTRIES: Final = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18
DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23
IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27
MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19
SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
"""
_LENGTHS: Final = {word[:2]: int(word[2:]) for word in _COUNTRIES.split()}
_SHAPE: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")


def has_ibans(country: str) -> bool:
    """Whether the banks of a country number their accounts so."""
    return country in _LENGTHS


def is_iban(number: str) -> bool:
    """Whether a compact number is meant as an IBAN; `is_right_iban` checks its digits."""
    return _SHAPE.fullmatch(number) is not None and has_ibans(number[:2])


def is_right_iban(iban: str) -> bool:
    """Country and check digits moved to the end, letters as 10 to 35, modulo 97 is 1."""
    digits = "".join(str(int(character, 36)) for character in iban[4:] + iban[:4])
    return len(iban) == _LENGTHS[iban[:2]] and int(digits) % 97 == 1
