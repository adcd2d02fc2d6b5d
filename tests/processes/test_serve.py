"""`marketplace serve`: one tree of processes that starts, says where it is, and ends whole.

Kill -9 of anything at any point of a deal: nothing is lost, and nothing happens twice. The tests of
one service follow each other, because a start takes seconds.
"""

import random
import re
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from marketplace.kernel import postgres
from marketplace.kernel.postgres import EmbeddedPostgres
from tests.factories.deals import PRICE_MINOR
from tests.processes.sale import Sale, command, finish
from tests.processes.service import Service, serve, service_in, until

SEED = 20_260_105
MOVES = ["begin", "sign", "countersign", "fund", "file_transfer", "record", "release"]
VICTIMS = ["api"] * 3 + ["worker"] * 3 + ["postgres"] * 5 + ["supervisor"]


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[Service]:
    with service_in(folder / "served") as service:
        yield service


@pytest.mark.timeout(400)
def test_it_starts_and_says_where_and_is_the_only_one(service: Service) -> None:
    service.start_and_wait()
    until(lambda: "example listings: " in service.said(), "no example is loaded")
    assert len(httpx2.get(f"{service.url}/v1/listings").json()["items"]) == 7
    assert f"ready: {service.url}  (API documentation: {service.url}/docs)" in service.said()
    assert set(service.children()) == {"api", "worker"}

    other = service.log.with_name("other")
    assert serve(service.data_dir, service.port + 1, other).wait(60) == 1
    line = f"another `marketplace serve` uses {service.data_dir}: stop it, or choose another"
    assert other.read_text() == f"marketplace: {line} --data-dir\n"


@pytest.fixture
def sale(service: Service) -> Iterator[Sale]:
    service.start_and_wait()
    sale = Sale(service)
    yield sale
    sale.close()


@pytest.mark.timeout(400)
def test_a_sale_goes_through_whatever_is_killed_meanwhile(service: Service, sale: Sale) -> None:
    chance = random.Random(SEED)  # noqa: S311 - the same choices every time
    victims = chance.sample(VICTIMS, len(VICTIMS))
    with ThreadPoolExecutor(1) as caller:
        for victim, step in zip(victims, sale.steps(), strict=True):
            under_way = caller.submit(step)
            service.kill(victim)
            service.start()
            under_way.result()

    assert sale.state() == "settled"
    deals = sale.operator.get("/v1/deals")["items"]
    assert [(deal["state"], deal["right_id"]) for deal in deals] == [("settled", sale.right_id)]
    moves = [entry["type"] for entry in sale.operator.get(f"{sale.deal}/history")]
    assert moves == [f"deal.{name}" for name in MOVES]
    table = sale.operator.get("/v1/statistics/deals")
    assert (table["total"]["deals"], table["total"]["amount_minor"]) == (1, PRICE_MINOR)
    (listing,) = sale.seller.get("/v1/listings/mine")["items"]
    assert (listing["id"], listing["state"]) == (sale.listing_id, "sold")
    proofs = [command(service, "ledger", "verify"), command(service, "events", "verify")]
    books, log = (finish(proof) for proof in proofs)
    assert "BAD" not in books + log
    assert re.match(r"[1-9] seals over [1-9]", log)


def test_ctrl_c_ends_it_with_nothing_left(service: Service) -> None:
    service.start_and_wait()

    assert service.stop(signal.SIGINT) == 0
    assert service.remains() == []
    assert not postgres.is_running(service.cluster)
    assert service.said().endswith("stopping …\nstopped\n")
    # Started twice, for one supervisor was killed; the second found a catalogue in use.
    assert service.said().count("ready: ") == 2
    assert service.said().count("example listings: ") == 1


def test_what_a_killed_supervisor_leaves_ends_by_itself_and_is_found_again(
    service: Service,
) -> None:
    service.start()
    until(lambda: set(service.children()) == {"api", "worker"}, "a child is missing")
    service.kill("supervisor")

    until(lambda: not service.remains(), "children stay without a supervisor")
    assert postgres.is_running(service.cluster)

    # Nobody else uses the database now, so this command ends it.
    assert "BAD" not in finish(command(service, "ledger", "verify"))
    assert not postgres.is_running(service.cluster)


def test_told_to_end_while_it_starts_it_leaves_nothing_running(folder: Path) -> None:
    with service_in(folder / "ended-early") as service:
        service.start()
        until(lambda: "schema" in service.said(), "nothing is said")

        assert service.stop(signal.SIGTERM) in {0, 130}
        assert not postgres.is_running(service.cluster)
        assert service.remains() == []
        assert "Traceback" not in service.said()


async def test_with_a_database_of_ones_own_it_says_so_and_starts_none(
    server: EmbeddedPostgres, folder: Path
) -> None:
    await postgres.ensure_database(server, "served")
    url, log = server.url("served", driver="postgresql"), folder / "own.log"
    supervisor = serve(folder / "own", 0, log, DATABASE_URL=url)
    until(lambda: "starting API and worker …" in log.read_text(), "nothing is started")

    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(60) == 0
    said = log.read_text().splitlines()
    assert (said[0], said[-1]) == ("using the PostgreSQL of DATABASE_URL", "stopped")
    assert not (folder / "own" / "postgres").exists()
    assert postgres.is_running(server.root)


def test_a_port_in_use_is_told_before_anything_is_started(folder: Path) -> None:
    log = folder / "taken.log"
    with socket.socket() as other_program:
        other_program.bind(("127.0.0.1", 0))
        other_program.listen()
        port = other_program.getsockname()[1]
        assert serve(folder / "taken", port, log).wait(60) == 1

    assert log.read_text() == (
        f"marketplace: cannot listen on 127.0.0.1 port {port} (Address already in use): choose"
        " another with --host or --port\n"
    )
    assert not (folder / "taken" / "postgres").exists()
