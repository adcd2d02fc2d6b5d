from uuid import UUID

from marketplace.accounts.models import OrganisationKind
from marketplace.kernel.schemas import CountryCode, Input, Output, RegionCode, ShortText, example


class OrganisationCreate(Input):
    model_config = example(name="Hanbit Materials", kind="company", country="KR", region="KR-26")

    name: ShortText
    kind: OrganisationKind
    country: CountryCode
    region: RegionCode | None = None


class OrganisationRead(Output):
    id: UUID
    name: str
    kind: OrganisationKind
    country: str
    region: str | None
