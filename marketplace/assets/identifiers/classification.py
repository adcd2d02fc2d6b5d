"""Symbols of the International and the Cooperative Patent Classification (IPC, CPC)."""

import re
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

from marketplace.assets.identifiers.errors import InvalidClassificationError
from marketplace.assets.identifiers.text import clean, quoted

_SYMBOL: Final = re.compile(
    r"(?P<section>[A-HY])"
    r"(?:(?P<section_class>(?!00)\d{2})"
    r"(?:(?P<subclass>[A-Z])"
    r"(?:[ -]?0{0,3}(?P<main_group>[1-9]\d{0,3})"
    r"(?: ?/ ?(?P<subgroup>\d{2,6}))?)?)?)?"
)
_ZERO_FILLED: Final = re.compile(r"([A-HY]\d{2}[A-Z])(\d{4})(\d{6})")
"""Fourteen characters of databases: G06Q0010060000 is G06Q 10/06."""
_PRINTED_EDITION: Final = re.compile(r" ?\((?P<version>\d{4}\.\d{2})\)(?: ?(?P<value>[IN]))?")
_ST8_EDITION: Final = re.compile(
    r" (?:(?P<version>\d{6})\d{2})?[ACS] ?[FL]? ?(?P<value>[IN])(?:\d{8}[A-Z]{4})?"
)
"""WIPO ST.8: version day, level, position, value, then action day, status, source and office."""


@dataclass(frozen=True, slots=True)
class Classification:
    """A symbol at any depth, from a section (`G`) to a subgroup (`G06Q 10/06`).

    `subgroup` is a decimal fraction of two to six digits, never a number. `version` is the
    edition as `2012.01`; `inventive` is False for additional information, None if not told.
    """

    section: str
    section_class: str | None = None
    subclass: str | None = None
    main_group: int | None = None
    subgroup: str | None = None
    version: str | None = field(default=None, compare=False)
    inventive: bool | None = field(default=None, compare=False)

    @property
    def symbol(self) -> str:
        """The printed form: `G06Q 10/06`."""
        return self.prefixes()[-1]

    @property
    def sort_key(self) -> str:
        """Orders by code points as the scheme does: 3/42, 3/426, 3/43; the wider place first."""
        return "".join(self._parts(f"{self.main_group or 0:04}"))

    def prefixes(self) -> tuple[str, ...]:
        """The symbol and all above it, widest first: `G`, `G06`, `G06Q`, `G06Q 10`, `G06Q 10/06`.

        The dots of the scheme, which nest subgroups in subgroups, are not in the digits.
        """
        return tuple(accumulate(self._parts(f" {self.main_group}")))

    def _parts(self, main_group: str) -> list[str]:
        parts = [self.section, self.section_class, self.subclass]
        if self.main_group is not None:
            parts.append(main_group)
        if self.subgroup is not None:
            parts.append(f"/{self.subgroup}")
        return [part for part in parts if part is not None]


def parse_ipc(text: str) -> Classification:
    """Read an IPC or CPC symbol at any depth, with its edition where an official record has it.

    Accepts `G06Q 10/06`, `G06Q10/06`, `G06Q-010/06`, `G06Q 10/06 (2012.01) I` and ST.8 text;
    section Y and the 2000 series belong to the CPC.

    Raises:
        InvalidClassificationError: no such form; `code` is `invalid_classification`.
    """
    cleaned = _spaced(clean(text) or "")
    symbol = _SYMBOL.match(cleaned)
    edition = _edition(symbol, cleaned) if symbol else None
    if symbol is None or edition is None:
        raise InvalidClassificationError(
            f"{quoted(text)} is not a classification symbol; write a section, class, subclass or"
            " group, such as G, G06, G06Q, G06Q 10 or G06Q 10/06"
        )
    main_group = symbol["main_group"]
    return Classification(
        section=symbol["section"],
        section_class=symbol["section_class"],
        subclass=symbol["subclass"],
        main_group=int(main_group) if main_group else None,
        subgroup=symbol["subgroup"],
        version=edition[0],
        inventive=edition[1],
    )


def _spaced(text: str) -> str:
    """`G06Q0010060000` → `G06Q 10/06`; other text as it is."""
    filled = _ZERO_FILLED.fullmatch(text)
    if filled is None:
        return text
    subclass, main_group, subgroup = filled.groups()
    return f"{subclass} {main_group}/{subgroup[:2]}{subgroup[2:].rstrip('0')}"


def _edition(symbol: re.Match[str], text: str) -> tuple[str | None, bool | None] | None:
    """Version and value after the symbol; None if something else follows it."""
    rest = text[symbol.end() :]
    if not rest:
        return None, None
    match = _PRINTED_EDITION.fullmatch(rest) or _ST8_EDITION.fullmatch(rest)
    if match is None or symbol["subgroup"] is None:
        return None
    version, value = match["version"], match["value"]
    if version and "." not in version:
        version = f"{version[:4]}.{version[4:]}"
    return version, None if value is None else value == "I"
