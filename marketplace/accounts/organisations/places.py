"""Countries (ISO 3166-1) and their regions (ISO 3166-2)."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from marketplace.accounts.organisations.errors import WrongRegionError
from marketplace.kernel.schemas import CountryCode


@cache
def regions_by_country() -> Mapping[str, frozenset[str]]:
    """The region codes of each country; many a small one has none."""
    lines = Path(__file__).with_name("iso_3166.txt").read_text().splitlines()
    rows = (line.split() for line in lines if not line.startswith("#"))
    return {country: frozenset(f"{country}-{r}" for r in regions) for country, *regions in rows}


def _known_country(code: str) -> str:
    if code not in regions_by_country():
        raise ValueError("no country has this code")
    return code


Country = Annotated[CountryCode, AfterValidator(_known_country)]


def require_region(country: str, region: str | None) -> None:
    """Check that a region belongs to its country.

    Raises:
        WrongRegionError: the country has no such region.
    """
    if region is not None and region not in regions_by_country()[country]:
        raise WrongRegionError(f"no such region in {country}")
