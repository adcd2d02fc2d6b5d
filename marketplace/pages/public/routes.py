"""Addresses of the public pages, and which of them are answered ahead of the router."""

from typing import Final

from marketplace.kernel.fast_lane import FastPage
from marketplace.kernel.routing import plain_route
from marketplace.pages.public import rendering
from marketplace.pages.public.home import home, show_home

ROUTES: Final = (
    plain_route(rendering.HOME, home, "GET"),
    plain_route(rendering.STYLE_PATH, rendering.style, "GET"),
)

FAST: Final = {rendering.HOME: FastPage(rendering.HOME, show_home)}
