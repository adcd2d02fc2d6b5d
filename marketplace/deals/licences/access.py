"""How granting a licence may be refused, for the routes that lead to it."""

from typing import Final

from marketplace.assets.encumbrances.errors import (
    ConsentMissingError,
    EncumberedError,
    OutlivesRightError,
    TrusteeOnlyError,
)
from marketplace.assets.errors import RightReservedError
from marketplace.assets.standing.errors import NotTradableError, RightRestrainedError
from marketplace.deals.licences.errors import LicenceKindUnknownError, OutsideHeadLicenceError
from marketplace.listings.errors import TerritoryNotCoveredError

CONFLICTS: Final = (
    EncumberedError,
    ConsentMissingError,
    TrusteeOnlyError,
    OutlivesRightError,
    RightReservedError,
    NotTradableError,
    RightRestrainedError,
    OutsideHeadLicenceError,
    TerritoryNotCoveredError,
    LicenceKindUnknownError,
)
