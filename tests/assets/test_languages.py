import pycountry

from marketplace.assets.languages import ISO_639_1

DEPRECATED = {"sh"}
"""Serbo-Croatian, withdrawn from ISO 639-1 in 2000."""


def test_the_codes_are_those_of_pycountry() -> None:
    told = {one.alpha_2 for one in pycountry.languages if hasattr(one, "alpha_2")}
    assert told - DEPRECATED == ISO_639_1
