"""Territories as intervals: what contains another overlaps it, by one comparison of numbers.

A code is a country or a part of one (ISO 3166), a region of the world (UN M49), `EU` or `EP` (the
states of the European Patent Convention). Regions are those of the day of the grant: what a
contract says of `EU` does not change when the Union does.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

from marketplace.accounts.organisations.places import regions_by_country
from marketplace.assets.encumbrances.intervals import Interval, Intervals, merged

WORLD: Final = "001"
_LETTERS: Final = " 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PART_LENGTH: Final = 3
_WIDTH: Final = len(_LETTERS) ** _PART_LENGTH
_ALPHABET: Final = 26


@cache
def members_of_regions() -> Mapping[str, tuple[str, ...]]:
    """What each region contains directly: countries, or smaller regions."""
    lines = Path(__file__).with_name("regions.txt").read_text().splitlines()
    rows = (line.split() for line in lines if line and not line.startswith("#"))
    return {code: tuple(members) for code, *members in rows}


def _known(code: str) -> str:
    country, _, part = code.partition("-")
    countries = regions_by_country()
    is_part = bool(part) and code in countries.get(country, ())
    if not (is_part or code in countries or code == WORLD or code in members_of_regions()):
        raise ValueError("no such territory")
    return code


Territory = Annotated[
    str,
    StringConstraints(min_length=2, max_length=6),
    AfterValidator(_known),
    Field(description="ISO 3166, UN M49, EU or EP", examples=["KR"]),
]


def intervals(codes: Iterable[str]) -> Intervals:
    """The union of territories; nothing named, or the world, is everywhere (no interval at all)."""
    named = list(codes)
    if WORLD in named:
        return ()
    return merged(interval for code in named for interval in _of(code))


def _of(code: str) -> list[Interval]:
    if code in members_of_regions():
        return [interval for member in members_of_regions()[code] for interval in _of(member)]
    country, _, part = code.partition("-")
    first, second = (ord(letter) - ord("A") for letter in country)
    begins = (first * _ALPHABET + second) * _WIDTH
    if not part:
        return [(begins, begins + _WIDTH)]
    place = 0
    for letter in part.ljust(_PART_LENGTH):
        place = place * len(_LETTERS) + _LETTERS.index(letter)
    return [(begins + place, begins + place + 1)]
