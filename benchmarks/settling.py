"""Settlement over HTTP against the same statements from pgbench, and on one statistics row."""

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.deals import KINDS, release_path, waiting_deals
from benchmarks.load import Measured, Requests, Transactions
from benchmarks.place import Place
from benchmarks.report import WARMING, Bar, Run, interleave, judge, rates, tails
from benchmarks.scale import Scale
from benchmarks.servers import product, worker
from marketplace.settings import Settings

CONNECTIONS: Final = (16, 32)
PRODUCT_PER_SECOND_MAX: Final = 1_200
FLOOR_PER_SECOND_MAX: Final = 5_000

SETTLED: Final = Bar(0.25, 0.5)
ONE_ROW: Final = Bar(0.8, 0.95)
TAIL: Final = Bar(4, at_most=True)


@dataclass
class Waiting:
    """Deals that wait for their release; each is handed out once, since it settles once."""

    settings: Settings
    token: str
    seconds: int
    next: int = 1

    def take(self, number: int) -> int:
        first, self.next = self.next, self.next + number
        return first

    def release(self, url: str, connections: int, *, one_row: bool = False) -> Measured:
        """Release over HTTP: deals of all kinds, or of one kind and so of one statistics row."""
        number = PRODUCT_PER_SECOND_MAX * self.seconds
        step = KINDS if one_row else 1
        first = -(-self.take(number * step) // step) * step
        file = self._written(range(first, first + (number - 1) * step, step))
        return Requests(url, file, "POST", self.token).run(connections, self.seconds)

    def release_plainly(self, clients: int) -> Measured:
        """Release with pgbench."""
        share = FLOOR_PER_SECOND_MAX * self.seconds // clients
        first = self.take(share * clients)
        floor = Transactions(self.settings, "settlement.sql")
        return floor.run(clients, self.seconds, first=first - 1, share=share, done=0)

    def _written(self, numbers: range) -> Path:
        file = self.settings.data_dir / "release.paths"
        file.write_text("\n".join(map(release_path, numbers)))
        return file


def measure_settlement(place: Place, scale: Scale) -> None:
    waiting = _waiting(place, scale)
    with ExitStack() as running:
        url = running.enter_context(product(waiting.settings))
        _against_floor(waiting, url, scale)
        running.enter_context(worker(waiting.settings))
        _on_one_row(waiting, url, scale)


def _waiting(place: Place, scale: Scale) -> Waiting:
    against_floor = len(CONNECTIONS) * (PRODUCT_PER_SECOND_MAX + FLOOR_PER_SECOND_MAX)
    on_one_row = PRODUCT_PER_SECOND_MAX * (1 + KINDS)
    rounds = WARMING + scale.rounds
    deals = (against_floor + on_one_row) * scale.seconds * rounds + 2 * KINDS * rounds
    settings, token = waiting_deals(place, deals)
    return Waiting(settings, token, scale.seconds)


def _against_floor(waiting: Waiting, url: str, scale: Scale) -> None:
    contenders: dict[str, Run] = {}
    for connections in CONNECTIONS:
        contenders[f"product, {connections}"] = partial(waiting.release, url, connections)
        contenders[f"pgbench, {connections}"] = partial(waiting.release_plainly, connections)
    found = interleave(contenders, scale.rounds)
    for connections in CONNECTIONS:
        mine, floor = f"product, {connections}", f"pgbench, {connections}"
        judge(f"{connections} clients, x pgbench", rates(found, mine, floor), SETTLED)
        judge(f"{connections} clients, p99 / p50", tails(found, mine), TAIL)


def _on_one_row(waiting: Waiting, url: str, scale: Scale) -> None:
    """While the worker folds: deals that all count in one row of the rollup, against all rows."""
    contenders: dict[str, Run] = {
        "all kinds": partial(waiting.release, url, CONNECTIONS[-1]),
        "one kind": partial(waiting.release, url, CONNECTIONS[-1], one_row=True),
    }
    found = interleave(contenders, scale.rounds)
    judge("one statistics row over four", rates(found, "one kind", "all kinds"), ONE_ROW)
