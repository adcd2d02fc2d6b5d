from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints, field_validator

from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.organisations.industries import Industry
from marketplace.accounts.organisations.numbers import LENGTH_MAX, NumberScheme
from marketplace.accounts.organisations.places import Country
from marketplace.kernel.schemas import Input, Output, RegionCode, ShortText, Storable, example


class Number(Input):
    model_config = example(scheme="kr_business", number="124-81-00998")

    scheme: NumberScheme
    number: Annotated[
        str,
        StringConstraints(min_length=1, max_length=LENGTH_MAX),
        Storable,
        Field(description="spaces and dashes do not matter"),
    ]


def _one_of_a_scheme(numbers: list[Number]) -> list[Number]:
    if len({number.scheme for number in numbers}) < len(numbers):
        raise ValueError("give one number of a scheme")
    return numbers


class OrganisationCreate(Input):
    model_config = example(
        name="Hanbit Materials",
        kind="company",
        country="KR",
        region="KR-26",
        industry="C26",
        numbers=[{"scheme": "kr_business", "number": "124-81-00998"}],
    )

    name: ShortText
    kind: OrganisationKind
    country: Country
    region: RegionCode | None = None
    industry: Industry | None = None
    numbers: Annotated[list[Number], Field(max_length=len(NumberScheme))] = Field(
        default_factory=list
    )

    _scheme_once = field_validator("numbers")(_one_of_a_scheme)


class OrganisationEdit(Input):
    """What is left out stays; `region` and `industry` may be taken away with null."""

    model_config = example(
        name="Hanbit Advanced Materials",
        region="KR-41",
        numbers=[{"scheme": "lei", "number": "529900T8BM49AURSDO55"}],
    )

    name: ShortText | None = None
    region: RegionCode | None = None
    industry: Industry | None = None
    numbers: Annotated[list[Number], Field(max_length=len(NumberScheme))] | None = Field(
        default=None, description="all of them: one that is left out is given up"
    )

    @field_validator("name", "numbers")
    @classmethod
    def _given(cls, value: object) -> object:
        if value is None:
            raise ValueError("leave it out to keep it")
        return value

    @field_validator("numbers")
    @classmethod
    def _scheme_once(cls, numbers: list[Number]) -> list[Number]:
        return _one_of_a_scheme(numbers)


class NumberRelease(Input):
    model_config = example(scheme="kr_business", reason="the certificate names another company")

    scheme: NumberScheme
    reason: ShortText


class NumberRead(Output):
    scheme: NumberScheme
    number: str = Field(examples=["1248100998"])


class OrganisationRead(Output):
    id: UUID
    name: str
    kind: OrganisationKind
    country: str
    region: str | None


class OrganisationProfile(OrganisationRead):
    industry: str | None
    numbers: list[NumberRead]
    version: int
