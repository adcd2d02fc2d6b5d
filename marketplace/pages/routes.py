"""Addresses of the pages. Whoever lists them here serves them."""

from typing import Final

from marketplace.accounts.oauth.metadata import AUTHORIZE
from marketplace.kernel.routing import plain_route
from marketplace.pages import authorizing, rendering

ROUTES: Final = (
    plain_route(AUTHORIZE, authorizing.authorize, "GET", "POST"),
    plain_route(authorizing.SIGN_IN, authorizing.sign_in, "POST"),
    plain_route(authorizing.CONSENT, authorizing.consent, "POST"),
    plain_route(rendering.STYLE_PATH, rendering.style, "GET"),
)
