"""Payment references that people copy by hand into a transfer, such as `IPM-7K3M-9QXD-C`.

Eight characters of Crockford's base 32 carry 40 random bits; the ninth is a check character.
The check is a weighted sum in the field of 32 elements. Every position has its own non-zero
weight, so one wrong character and any two characters exchanged are always detected. Luhn
modulo 32 would miss `0Z` written as `Z0`, and Crockford's own modulo 37 needs five check symbols
that people misread.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import reduce
from typing import Final

REFERENCE_RANDOM_BYTES: Final = 5
SEARCHED_TEXT_LENGTH_MAX: Final = 1_000

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES: Final = {character: value for value, character in enumerate(_ALPHABET)}
_LOOK_ALIKES: Final = str.maketrans("OIL", "011")
_FIELD_POLYNOMIAL: Final = 0b100101
"""x⁵ + x² + 1, primitive over GF(2): the powers of x are all 31 non-zero weights."""

_NOT_ALPHANUMERIC: Final = re.compile(r"[\W_]+")
_CANDIDATE: Final = re.compile(rf"(?=1PM([{_ALPHABET}]{{9}}))")
"""`IPM` after look-alikes are mapped. A lookahead, because a false start must not hide the
true reference that begins inside it."""


def new_reference(random: bytes) -> str:
    """Write five random bytes as a reference. The caller keeps references unique.

    Raises:
        ValueError: not exactly `REFERENCE_RANDOM_BYTES` bytes.
    """
    if len(random) != REFERENCE_RANDOM_BYTES:
        raise ValueError(
            f"a reference is made of {REFERENCE_RANDOM_BYTES} bytes, not {len(random)}"
        )
    number = int.from_bytes(random, "big")
    values = [number >> shift & 31 for shift in range(35, -1, -5)]
    return _canonical("".join(_ALPHABET[value] for value in (*values, _check_value(values))))


def find_references(text: str) -> list[str]:
    """Find the references in a remittance text, canonical, each once, in order of appearance.

    Tolerates what people and banks do to a reference: case, full-width letters, spaces or any
    punctuation anywhere or nowhere, O for 0, I or L for 1. A wrong check character is no
    reference. Only the first `SEARCHED_TEXT_LENGTH_MAX` characters are searched, in linear time.
    """
    wide = unicodedata.normalize("NFKC", text[:SEARCHED_TEXT_LENGTH_MAX])
    letters = _NOT_ALPHANUMERIC.sub("", wide).upper().translate(_LOOK_ALIKES)
    codes = (match.group(1) for match in _CANDIDATE.finditer(letters))
    return list(dict.fromkeys(_canonical(code) for code in codes if _is_valid(code)))


def _canonical(code: str) -> str:
    return f"IPM-{code[:4]}-{code[4:8]}-{code[8:]}"


def _is_valid(code: str) -> bool:
    *values, check = (_VALUES[character] for character in code)
    return _check_value(values) == check


def _check_value(values: Iterable[int]) -> int:
    return reduce(lambda total, value: _times_x(total ^ value), values, 0)


def _times_x(element: int) -> int:
    doubled = element << 1
    return doubled ^ _FIELD_POLYNOMIAL if doubled & 32 else doubled
