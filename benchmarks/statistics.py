"""The cumulative table of statistics, over few and very many settled deals."""

from contextlib import ExitStack
from functools import partial
from typing import Final

from benchmarks.deals import settled_deals
from benchmarks.load import Requests
from benchmarks.place import Place
from benchmarks.report import Bar, Run, costs, interleave, judge, tails
from benchmarks.scale import Scale
from benchmarks.servers import product

CONNECTIONS: Final = 8
PATH: Final = "/v1/statistics/deals?unit=10000KRW&period=year"
GROWTH: Final = Bar(3, 1.2, at_most=True)
TAIL: Final = Bar(4, at_most=True)


def measure_statistics(place: Place, scale: Scale) -> None:
    """What one read costs at most deals, over what it costs at fewest."""
    contenders: dict[str, Run] = {}
    with ExitStack() as running:
        for deals in scale.deals:
            settings = settled_deals(place, deals)
            paths = settings.data_dir / "product.paths"
            paths.write_text(PATH)
            live = product(settings, MARKETPLACE_LIVE_STATISTICS="public")
            requests = Requests(running.enter_context(live), paths)
            contenders[f"{deals:,} deals"] = partial(requests.run, CONNECTIONS, scale.seconds)
        found = interleave(contenders, scale.rounds)
    fewest, most = f"{scale.deals[0]:,} deals", f"{scale.deals[-1]:,} deals"
    judge(f"cost at {most} over {fewest}", costs(found, most, fewest), GROWTH)
    judge(f"{most}, p99 / p50", tails(found, most), TAIL)
