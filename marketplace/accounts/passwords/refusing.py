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
WORD_BYTES_MIN: Final = 4
"""Four letters, or two syllables of Korean or Chinese."""
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
    together = _SEPARATORS.sub("", folded)
    if (
        _is_simple(folded)
        or _is_simple(together)
        or _is_common(folded, together)
        or _is_personal(folded, about)
    ):
        raise PasswordBreachedError


def _is_simple(password: str) -> bool:
    """A piece again and again, or characters in a row: `abcabcabca`, `2345678901`."""
    repeats = any(
        password == (password[:period] * len(password))[: len(password)]
        for period in range(1, len(password) // 2 + 1)
    )
    steps = {ord(after) - ord(before) for before, after in pairwise(password)}
    return repeats or len(steps) == 1


def _is_common(password: str, together: str) -> bool:
    """A known one, or one with digits and signs around it, or in their place: `P@ssw0rd2024!`."""
    bare = {_AROUND.sub("", text) for text in (password, password.translate(_LEET), together)}
    cores = {core for core in bare if len(core) >= CORE_LENGTH_MIN}
    return not _common().isdisjoint({password, together} | cores)


def _is_personal(password: str, about: tuple[str, ...]) -> bool:
    """Words of the person's own with little beside them."""
    words = {word for text in about for word in _SEPARATORS.split(text.casefold()) if word}
    telling = (word for word in words if len(word.encode()) >= WORD_BYTES_MIN)
    if not any(word in password for word in telling):
        return False
    for word in sorted(words, key=len, reverse=True):
        password = password.replace(word, "")
    return sum(character.isalpha() for character in password) < REST_LENGTH_MIN


@cache
def _common() -> frozenset[str]:
    """Read on first use, then kept: some three megabytes."""
    packed = files(__package__).joinpath(COMMON).read_bytes()
    return frozenset(gzip.decompress(packed).decode().split())
