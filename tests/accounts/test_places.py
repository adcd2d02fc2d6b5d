"""Countries, regions and industries are those of the standards."""

import pycountry
import pytest
from pydantic import TypeAdapter, ValidationError

from marketplace.accounts.organisations.errors import WrongRegionError
from marketplace.accounts.organisations.industries import Industry
from marketplace.accounts.organisations.places import (
    Country,
    regions_by_country,
    require_region,
)

INDUSTRY: TypeAdapter[str] = TypeAdapter(Industry)
COUNTRY: TypeAdapter[str] = TypeAdapter(Country)


def test_the_table_is_that_of_pycountry() -> None:
    """When this fails after an upgrade: bring `iso_3166.txt` up to date, one country a line."""
    expected: dict[str, set[str]] = {country.alpha_2: set() for country in pycountry.countries}
    for subdivision in pycountry.subdivisions:
        expected[subdivision.country_code].add(subdivision.code)
    assert regions_by_country() == expected


@pytest.mark.parametrize(
    ("country", "region"), [("KR", "KR-11"), ("KR", "KR-50"), ("CN", "CN-GD"), ("KR", None)]
)
def test_a_region_of_its_country(country: str, region: str | None) -> None:
    require_region(country, region)


@pytest.mark.parametrize(("country", "region"), [("KR", "CN-GD"), ("KR", "KR-99"), ("VA", "VA-1")])
def test_a_region_of_no_such_country(country: str, region: str) -> None:
    with pytest.raises(WrongRegionError):
        require_region(country, region)


@pytest.mark.parametrize("code", ["XX", "KP ", "ZZ", "kr", "KOR"])
def test_no_country(code: str) -> None:
    with pytest.raises(ValidationError):
        COUNTRY.validate_python(code)


def test_isic_has_its_eighty_eight_divisions() -> None:
    codes = [
        f"{section}{number:02}" for section in "ABCDEFGHIJKLMNOPQRSTU" for number in range(100)
    ]
    right = []
    for code in codes:
        try:
            right.append(INDUSTRY.validate_python(code))
        except ValidationError:
            continue
    assert len(right) == 88
    assert len({code[1:] for code in right}) == 88, "a division belongs to one section"
    assert {"A01", "C26", "J62", "M72", "U99"} <= set(right)
    assert not {"C09", "C34", "V01", "M76"} & set(right)
