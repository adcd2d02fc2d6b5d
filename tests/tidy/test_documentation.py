import re
from pathlib import Path

from marketplace.app import create_app
from marketplace.assets.encumbrances.documentation import conflicts_page
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


def test_the_page_of_conflicts_is_that_of_the_code() -> None:
    """When this fails: `marketplace docs conflicts > docs/conflicts.md`, and read the change."""
    assert (ROOT / "docs" / "conflicts.md").read_text() == conflicts_page()


def test_every_setting_is_in_the_table_of_the_readme() -> None:
    """Names of a row may be cut at the front: `MARKETPLACE_SMTP_HOST`, `…_SMTP_PORT`."""
    readme = (ROOT / "README.md").read_text()
    named = set(re.findall(r"`(?:MARKETPLACE|…)_([A-Z_]+)`", readme))
    settings = {name.upper() for name in Settings.model_fields} - {"DATABASE_URL"}
    assert settings - named == set()


def test_the_proxy_sends_no_post_twice() -> None:
    assert "non_idempotent" not in (ROOT / "docker" / "nginx.conf").read_text()
