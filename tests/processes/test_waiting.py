"""Whoever starts the service on a slow machine is told what it waits for."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from marketplace import supervisor
from marketplace.settings import configured
from marketplace.supervisor import Supervisor


class _Api(BaseHTTPRequestHandler):
    answers: list[int]

    def do_GET(self) -> None:
        self.send_response(self.answers.pop(0))
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    """Of an API whose database is away at first."""
    handler = type("Api", (_Api,), {"answers": [503, 200]})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def waiting(data_dir: Path, port: int) -> tuple[Supervisor, list[str]]:
    said: list[str] = []
    settings = configured({"data_dir": data_dir, "port": port})
    return Supervisor(settings, embedded=False, lock=-1, say=said.append), said


def test_a_database_that_is_away_is_named(
    port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "SLOW_SECONDS", 0.0)
    service, said = waiting(tmp_path, port)

    assert service._wait_until_ready()

    assert said == ["still waiting: the API answers 503: its database cannot be asked"]


def test_an_api_that_does_not_listen_yet_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "SLOW_SECONDS", 0.0)
    service, said = waiting(tmp_path, 1)

    def stop_after(line: str) -> None:
        said.append(line)
        service._stopping = True

    service._say = stop_after
    assert not service._wait_until_ready()

    (line,) = said
    assert line.startswith("still waiting: the API does not listen at http://127.0.0.1:1 yet")
