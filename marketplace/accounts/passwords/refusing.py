"""Passwords that are guessed early: known ones, simple rows, and one's own name."""

import gzip
import re
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Final

from marketplace.accounts.passwords.errors import PasswordBreachedError

COMMON: Final = "common.txt.gz"
"""From where it comes says `common.origin.txt` beside it."""
CORE_LENGTH_MIN: Final = 4
REST_LENGTH_MIN: Final = 6
_LEET: Final = str.maketrans("013457@$!", "oleastasi")
_AROUND: Final = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_SEPARATORS: Final = re.compile(r"[\W_]+")


def refuse_guessable(password: str, *about: str) -> None:
    """Refuse a password that is guessed early, whatever its length.

    Args:
        password: the new one.
        about: what anyone may know of the person: e-mail address, name.

    Raises:
        PasswordBreachedError: never says which of the reasons it is.
    """
    folded = password.casefold()
    if _is_simple(folded) or _is_common(folded) or _is_personal(folded, about):
        raise PasswordBreachedError


def _is_simple(password: str) -> bool:
    """A piece again and again, or characters in a row: `abcabcabca`, `2345678901`."""
    repeats = any(
        password == (password[:period] * len(password))[: len(password)]
        for period in range(1, len(password) // 2 + 1)
    )
    steps = {ord(after) - ord(before) for before, after in pairwise(password)}
    return repeats or len(steps) == 1


def _is_common(password: str) -> bool:
    """A known one, or one with digits and signs around it, or in their place: `P@ssw0rd2024!`."""
    together = _SEPARATORS.sub("", password)
    bare = {_AROUND.sub("", text) for text in (password, password.translate(_LEET), together)}
    cores = {core for core in bare if len(core) >= CORE_LENGTH_MIN}
    return not _common().isdisjoint({password, together} | cores)


def _is_personal(password: str, about: tuple[str, ...]) -> bool:
    """A word of the person's own with little beside it."""
    words = {word for text in about for word in _SEPARATORS.split(text.casefold())}
    return any(
        word in password and len(_letters(password.replace(word, ""))) < REST_LENGTH_MIN
        for word in words
        if len(word) >= CORE_LENGTH_MIN
    )


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalpha())


@cache
def _common() -> frozenset[str]:
    """Read on first use, then kept: some three megabytes."""
    packed = files(__package__).joinpath(COMMON).read_bytes()
    return frozenset(gzip.decompress(packed).decode().split())
