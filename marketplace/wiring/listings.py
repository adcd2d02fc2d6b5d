from typing import Final

from marketplace.kernel.clocks import Clock
from marketplace.kernel.events import Consumer
from marketplace.listings import api as listings_api
from marketplace.listings import errors as listings_errors
from marketplace.listings import personal_data as listings_personal_data
from marketplace.listings import service as listings_service
from marketplace.listings.handlers import (
    on_encumbered,
    on_off_the_market,
    on_organisation_edited,
    on_standing,
    on_title,
    on_withdrawn_idea,
)
from marketplace.listings.lifecycle import LISTING
from marketplace.listings.models import Listing
from marketplace.listings.solicitations import api as solicitations_api
from marketplace.listings.solicitations import errors as solicitations_errors
from marketplace.listings.solicitations import personal_data as solicitations_personal_data
from marketplace.listings.solicitations import service as solicitations
from marketplace.listings.solicitations.handlers import on_paid
from marketplace.listings.solicitations.lifecycle import SOLICITATION
from marketplace.listings.solicitations.models import Solicitation
from marketplace.listings.store import api as store_api
from marketplace.listings.store import errors as store_errors
from marketplace.listings.store import handlers as store_handlers
from marketplace.listings.store import personal_data as store_personal_data
from marketplace.listings.store import service as store
from marketplace.listings.store.lifecycle import STORE_ENTRY
from marketplace.listings.store.models import StoreEntry
from marketplace.listings.video import api as video_api
from marketplace.listings.video import errors as video_errors
from marketplace.listings.video import personal_data as video_personal_data
from marketplace.listings.video.handlers import on_ended
from marketplace.wiring.domain import Domain

LISTINGS: Final = Domain(
    routers=(
        listings_api.router,
        listings_api.public_router,
        solicitations_api.router,
        store_api.router,
        video_api.router,
        video_api.streamed_router,
        video_api.public_router,
    ),
    lifecycles=(LISTING, SOLICITATION, STORE_ENTRY),
    consumers=(
        Consumer(
            "listings",
            {
                "encumbrance.register": on_encumbered,
                "right.standing": on_standing,
                "right.transfer": on_title,
                "right.retract_conveyance": on_title,
                "organisation.edit": on_organisation_edited,
                "listing.withdraw": on_off_the_market,
                "listing.expire": on_off_the_market,
                "right.shred_confidential": on_withdrawn_idea,
                "payment_request.pay": on_paid,
            },
        ),
        Consumer(
            "store",
            {
                "right.legal_event": store_handlers.on_right,
                "right.standing": store_handlers.on_right,
                "right.transfer": store_handlers.on_right,
            },
        ),
        Consumer(
            "listing_videos",
            {
                "listing.expire": on_ended,
                "listing.retire": on_ended,
                "listing.sell": on_ended,
                "listing.withdraw": on_ended,
            },
        ),
    ),
    clocks=(
        Clock(
            Listing,
            {
                "expire": listings_service.expire_listing,
                "reopen": listings_service.reopen_listing,
            },
        ),
        Clock(
            Solicitation,
            {"go_on": solicitations.go_on, "award_none": solicitations.end_unawarded},
        ),
        Clock(StoreEntry, {"close": store.close, "open_next": store.pass_over}),
    ),
    constraint_errors={
        **listings_errors.CONSTRAINT_ERRORS,
        **solicitations_errors.CONSTRAINT_ERRORS,
        **store_errors.CONSTRAINT_ERRORS,
        **video_errors.CONSTRAINT_ERRORS,
    },
    personal_data=(
        video_personal_data.PERSONAL_DATA,
        store_personal_data.PERSONAL_DATA,
        solicitations_personal_data.PERSONAL_DATA,
        listings_personal_data.PERSONAL_DATA,
    ),
)
