from pathlib import Path

from marketplace.documentation import lifecycles_page
from marketplace.wiring import LIFECYCLES

ROOT = Path(__file__).parents[2]


def test_the_page_of_lifecycles_is_that_of_the_code() -> None:
    """When this fails: `marketplace docs lifecycles > docs/lifecycles.md`, and read the change."""
    assert (ROOT / "docs" / "lifecycles.md").read_text() == lifecycles_page(LIFECYCLES)
