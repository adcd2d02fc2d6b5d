"""The only place that knows which domain hears which news, and what the clock may do."""

from collections.abc import Mapping
from itertools import chain
from typing import Final

from marketplace.accounts.oauth import api as oauth_api
from marketplace.deals.paying import paid_from
from marketplace.kernel.db import METADATA
from marketplace.kernel.fast_lane import Fast, FastRead, FastWrite
from marketplace.listings.queries import quick_detail
from marketplace.pages import mailed_links
from marketplace.pages import routes as pages
from marketplace.pages.public import routes as public_pages
from marketplace.payments.inbox import api as inbox_api
from marketplace.search.catalogue import quick_page
from marketplace.wiring.accounts import ACCOUNTS, SECRET_TAKING, USES, finders
from marketplace.wiring.assets import ASSETS
from marketplace.wiring.auctions import AUCTIONS
from marketplace.wiring.billing import BILLING
from marketplace.wiring.deals import DEALS
from marketplace.wiring.documents import DOCUMENTS
from marketplace.wiring.financing import FINANCING
from marketplace.wiring.kernel import KERNEL
from marketplace.wiring.listings import LISTINGS
from marketplace.wiring.payments import ERRANDS, PAYMENTS, RECONCILERS
from marketplace.wiring.search import SEARCH
from marketplace.wiring.statistics import STATISTICS
from marketplace.wiring.valuation import VALUATION

DOMAINS: Final = (
    KERNEL,
    ACCOUNTS,
    ASSETS,
    DOCUMENTS,
    PAYMENTS,
    BILLING,
    LISTINGS,
    VALUATION,
    DEALS,
    AUCTIONS,
    FINANCING,
    SEARCH,
    STATISTICS,
)
"""Lower ones first."""

FAST: Final[Mapping[str, Fast]] = {
    **public_pages.FAST,
    "/v1/listings": FastRead("/v1/listings", quick_page),
    "/v1/listings/": FastRead("/v1/listings/{listing_id}", quick_detail),
    "/v1/webhooks/stripe": FastWrite(
        "/v1/webhooks/stripe", inbox_api.EVENT_BYTES_MAX, inbox_api.quick_receive
    ),
}
"""What is answered ahead of the router."""

ROUTERS: Final = tuple(chain.from_iterable(domain.routers for domain in DOMAINS))
LIFECYCLES: Final = tuple(chain.from_iterable(domain.lifecycles for domain in DOMAINS))
CONSUMERS: Final = tuple(chain.from_iterable(domain.consumers for domain in DOMAINS))
CLOCKS: Final = tuple(chain.from_iterable(domain.clocks for domain in DOMAINS))
TURNING: Final = tuple(chain.from_iterable(domain.turning for domain in DOMAINS))
FORGETTING: Final = tuple(chain.from_iterable(domain.forgetting for domain in DOMAINS))
APPEND_ONLY: Final = tuple(chain.from_iterable(domain.append_only for domain in DOMAINS))
PERSONAL_DATA: Final = tuple(chain.from_iterable(d.personal_data for d in reversed(DOMAINS)))
"""Upper domains first, as they hold what lower ones end."""

CONSTRAINT_ERRORS: Final = dict(
    chain.from_iterable(domain.constraint_errors.items() for domain in DOMAINS)
)
PROOFS: Final = dict(chain.from_iterable(domain.proofs.items() for domain in DOMAINS))

TABLES: Final = METADATA.tables
"""Every table of the product: importing this package has declared them all."""

PLAIN_ROUTES: Final = (*oauth_api.ROUTES, *pages.ROUTES, *mailed_links.ROUTES)
"""What is no part of the documented API: the protocol of OAuth, and pages for people."""

PAYEES_OF: Final = paid_from
"""Who will be paid from a subject, which payments ask without knowing deals."""

__all__ = [
    "APPEND_ONLY",
    "CLOCKS",
    "CONSTRAINT_ERRORS",
    "CONSUMERS",
    "DOMAINS",
    "ERRANDS",
    "FAST",
    "FORGETTING",
    "LIFECYCLES",
    "PAYEES_OF",
    "PERSONAL_DATA",
    "PLAIN_ROUTES",
    "PROOFS",
    "RECONCILERS",
    "ROUTERS",
    "SECRET_TAKING",
    "TABLES",
    "TURNING",
    "USES",
    "finders",
]
