"""Requests to addresses that others chose go to public places, or nowhere."""

import asyncio
import socket
from typing import Any

import httpx2
import pytest

from marketplace.kernel import outbound
from marketplace.kernel.outbound import GuardedTransport, OutboundError, outbound_options

INNER = [
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.0.1",
    "0.0.0.0",  # noqa: S104 - an address that must not be asked
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "fe80::1",
    "fd00::1",
    "ff02::1",
]


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Have every name lead to these addresses."""

    async def found(_host: str, port: int, **_: Any) -> list[Any]:
        kinds = {
            address: socket.AF_INET6 if ":" in address else socket.AF_INET for address in addresses
        }
        return [(kind, 1, 6, "", (address, port)) for address, kind in kinds.items()]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found)


class Inner(httpx2.AsyncBaseTransport):
    """Notes what would be sent, and where."""

    def __init__(self) -> None:
        self.sent: list[httpx2.Request] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.sent.append(request)
        return httpx2.Response(200, json={"x": 1})


def client(*, loopback: bool = False) -> tuple[httpx2.AsyncClient, Inner]:
    transport, inner = GuardedTransport(loopback=loopback), Inner()
    transport._inner = inner  # type: ignore[assignment]
    options = outbound_options(loopback=loopback) | {"transport": transport}
    return httpx2.AsyncClient(**options), inner


@pytest.mark.parametrize("address", INNER)
async def test_a_name_that_leads_inside_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    asking, inner = client()
    for addresses in ([address], ["93.184.215.14", address]):
        resolving(monkeypatch, *addresses)
        with pytest.raises(OutboundError, match="public network"):
            await asking.get("https://innocent.example/")
    assert inner.sent == []


async def test_the_connection_goes_to_the_address_that_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asking, inner = client()
    resolving(monkeypatch, "93.184.215.14")
    await asking.get("https://login.example:8443/x?y=1")
    (sent,) = inner.sent
    assert str(sent.url) == "https://93.184.215.14:8443/x?y=1"
    assert sent.headers["host"] == "login.example:8443"
    assert sent.extensions["sni_hostname"] == "login.example"
    assert sent.headers["accept-encoding"] == "identity"


async def test_nothing_goes_out_unencrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "93.184.215.14")
    for loopback in (False, True):
        asking, inner = client(loopback=loopback)
        with pytest.raises(OutboundError, match="https"):
            await asking.get("http://login.example/")
        assert inner.sent == []


async def test_loopback_is_open_to_those_who_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asking, inner = client(loopback=True)
    for address in ("127.0.0.1", "::1"):
        resolving(monkeypatch, address)
        assert (await asking.get("http://localhost:8/")).json() == {"x": 1}
    resolving(monkeypatch, "127.0.0.1", "10.0.0.1")
    with pytest.raises(OutboundError, match="public network"):
        await asking.get("http://localhost:8/")
    assert len(inner.sent) == 2


async def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    asking, _ = client()
    with pytest.raises(OutboundError, match="not known"):
        await asking.get("https://login.example/")


async def test_who_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "WHOLE_SECONDS", 0.05)
    accepted = asyncio.Event()

    async def stay_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(stay_silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with httpx2.AsyncClient(**outbound_options(loopback=True)) as asking:
        with pytest.raises(OutboundError, match="longer than"):
            await outbound.fetch_object(asking, f"http://127.0.0.1:{port}/")
    assert accepted.is_set()
    server.close()
    await server.wait_closed()
