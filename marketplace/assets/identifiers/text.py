"""The first step of reading anything typed or pasted by a person."""

import re
import unicodedata
from typing import Final

INPUT_LENGTH_MAX: Final = 64
"""Characters; the longest official form is under forty."""

_DASHES: Final = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")
_PLAIN: Final = re.compile(r"[ -~\t\r\n]*")


def clean(raw: str) -> str | None:
    """Upper-case ASCII with single spaces and plain hyphens; full-width characters become plain.

    None if the text is over `INPUT_LENGTH_MAX` or holds anything else, such as NUL.
    """
    if len(raw) > INPUT_LENGTH_MAX:
        return None
    text = levelled(raw)
    return " ".join(text.split()).upper() if _PLAIN.fullmatch(text) else None


def levelled(raw: str) -> str:
    """Full-width letters, digits and marks as plain ones, and every dash a hyphen."""
    return unicodedata.normalize("NFKC", raw).translate(_DASHES)


def quoted(raw: str) -> str:
    """The input as an error message may show it: bounded, and escaped where unprintable."""
    return repr(raw if len(raw) <= INPUT_LENGTH_MAX else raw[:INPUT_LENGTH_MAX] + "…")
