"""The public front page over a million settled deals, against a bare handler of as many bytes."""

import urllib.request
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.deals import settled_deals
from benchmarks.load import Requests
from benchmarks.place import Place
from benchmarks.report import Bar, Run, interleave, judge, rates, tails
from benchmarks.scale import Scale
from benchmarks.servers import page_floor, product, worker

DEALS: Final = 1_000_000
CONNECTIONS: Final = 16
PATHS: Final = ("/", "/?lang=ko", "/?lang=zh&unit=100000000KRW", "/?lang=en&period=month")
PAGE: Final = Bar(0.3)
TAIL: Final = Bar(4, at_most=True)


def measure_page(place: Place, scale: Scale) -> None:
    """In three languages, with units and periods; live totals, while deals are being folded."""
    deals = min(max(scale.deals), DEALS)
    settings = settled_deals(place, deals)
    contenders: dict[str, Run] = {}
    with ExitStack() as running:
        running.enter_context(worker(settings))
        mine = running.enter_context(product(settings, MARKETPLACE_LIVE_STATISTICS="public"))
        floor = running.enter_context(page_floor(settings, str(_length(mine + PATHS[0]))))
        paths = _written(settings.data_dir, PATHS)
        for name, url in (("product", mine), ("bare", floor)):
            requests = Requests(url, paths)
            contenders[name] = partial(requests.run, CONNECTIONS, scale.seconds)
        found = interleave(contenders, scale.rounds)
    judge(f"front page at {deals:,} deals, x bare", rates(found, "product", "bare"), PAGE)
    judge(f"front page at {deals:,} deals, p99 / p50", tails(found, "product"), TAIL)


def _length(url: str) -> int:
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - our own address
        return len(answer.read())


def _written(folder: Path, paths: tuple[str, ...]) -> Path:
    file = folder / "page.paths"
    file.write_text("\n".join(paths))
    return file
