"""Addresses of the public pages, and which of them are answered ahead of the router."""

from typing import Final

from marketplace.kernel.fast_lane import FastPage
from marketplace.kernel.routing import plain_route
from marketplace.pages.public import auctions, catalogue, rendering, sitemap
from marketplace.pages.public.home import home, show_home

ROUTES: Final = (
    plain_route(rendering.HOME, home, "GET"),
    plain_route(rendering.CATALOGUE, catalogue.catalogue, "GET"),
    plain_route(rendering.LISTING, catalogue.listing, "GET"),
    plain_route(rendering.AUCTIONS, auctions.auctions, "GET"),
    plain_route(rendering.AUCTION, auctions.auction, "GET"),
    plain_route(rendering.STYLE_PATH, rendering.style, "GET"),
    plain_route(sitemap.ROBOTS, sitemap.robots, "GET"),
    plain_route(sitemap.INDEX, sitemap.index, "GET"),
    plain_route(sitemap.PART, sitemap.part, "GET"),
)

FAST: Final = {rendering.HOME: FastPage(rendering.HOME, show_home)}
