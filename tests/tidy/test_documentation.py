from pathlib import Path

from marketplace.app import create_app
from marketplace.documentation import lifecycles_page, permissions_page
from marketplace.settings import Settings
from marketplace.wiring import LIFECYCLES

ROOT = Path(__file__).parents[2]


def test_the_page_of_lifecycles_is_that_of_the_code() -> None:
    """When this fails: `marketplace docs lifecycles > docs/lifecycles.md`, and read the change."""
    assert (ROOT / "docs" / "lifecycles.md").read_text() == lifecycles_page(LIFECYCLES)


def test_the_page_of_permissions_is_that_of_the_code() -> None:
    """When this fails: `marketplace docs permissions > docs/permissions.md`, and read it."""
    page = permissions_page(create_app(Settings(_env_file=None), connect=False))
    assert (ROOT / "docs" / "permissions.md").read_text() == page
