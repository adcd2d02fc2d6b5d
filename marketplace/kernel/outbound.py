"""Requests to addresses that somebody else chose: encrypted, to public places, bounded.

A name is resolved once, and the connection goes to the very address that was looked at, so that no
second answer of the name's owner can lead into our own network. Nothing is redirected, no proxy of
the environment is used, and what comes back is limited in time and size.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final

import httpx2
import orjson

ANSWER_BYTES_MAX: Final = 256 * 1024
STEP_SECONDS: Final = 5.0
"""For connecting, and for each piece that is read."""
WHOLE_SECONDS: Final = 10.0
PORTS: Final = {"https": 443, "http": 80}

Address = IPv4Address | IPv6Address


class OutboundError(httpx2.TransportError):
    """We do not ask there, or do not take the answer. Says why, to whoever chose the address."""


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Carries requests to public addresses alone; with `loopback` also to this machine."""

    def __init__(self, *, loopback: bool = False) -> None:
        self._loopback = loopback
        self._inner = httpx2.AsyncHTTPTransport(verify=_trust(), retries=0)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Carry one request.

        Raises:
            OutboundError: the address is not one to ask, or the answer is not one to take.
        """
        address = await self._resolve(request.url)
        pinned = httpx2.Request(
            request.method,
            request.url.copy_with(host=str(address)),
            headers=request.headers,  # with the name, as Host
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": request.url.host},
        )
        response = await self._inner.handle_async_request(pinned)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise OutboundError("the answer is packed, though it was asked for plainly")
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Bounded(response.stream)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _resolve(self, url: httpx2.URL) -> Address:
        """Where a connection may go; of several addresses of a name, none may be out of bounds."""
        port = url.port or PORTS.get(url.scheme, 0)
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                url.host, port, type=socket.SOCK_STREAM
            )
        except (OSError, UnicodeError) as error:
            raise OutboundError("the name of the host is not known") from error
        addresses = [_plain(ip_address(str(entry[4][0]).partition("%")[0])) for entry in found]
        here = self._loopback and all(address.is_loopback for address in addresses)
        if not here and not all(_is_public(address) for address in addresses):
            raise OutboundError("the host is not in the public network")
        if url.scheme != "https" and not (here and url.scheme == "http"):
            raise OutboundError("write https")
        return addresses[0]


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for part in self._inner:
            read += len(part)
            if read > ANSWER_BYTES_MAX:
                raise OutboundError(f"the answer is longer than {ANSWER_BYTES_MAX} bytes")
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()


def outbound_options(*, loopback: bool) -> dict[str, Any]:
    """How a client of httpx2 has to be made to ask elsewhere."""
    return {
        "transport": GuardedTransport(loopback=loopback),
        "timeout": STEP_SECONDS,
        "follow_redirects": False,
        "trust_env": False,
        "headers": {"accept-encoding": "identity", "user-agent": "marketplace"},
    }


async def fetch_object(client: httpx2.AsyncClient, url: str, **options: Any) -> dict[str, Any]:
    """GET a JSON object.

    Raises:
        httpx2.HTTPError: unreachable, refused, too slow or too long, or no JSON object.
    """
    async with whole_time():
        response = await client.get(url, **options)
    if not response.is_success:
        raise OutboundError(f"it answers with status {response.status_code}")
    try:
        found = orjson.loads(response.content)
    except ValueError as error:
        raise OutboundError("its answer is no JSON") from error
    if not isinstance(found, dict):
        raise OutboundError("its answer is no JSON object")
    return found


@asynccontextmanager
async def whole_time() -> AsyncIterator[None]:
    """Bound one exchange as a whole.

    Raises:
        OutboundError: it took too long.
    """
    try:
        async with asyncio.timeout(WHOLE_SECONDS):
            yield
    except TimeoutError as error:
        raise OutboundError(f"it takes longer than {WHOLE_SECONDS:g} seconds") from error


@cache
def _trust() -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=False)


def _plain(address: Address) -> Address:
    """An IPv4 address that is written as one of IPv6 is judged as what it is."""
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def _is_public(address: Address) -> bool:
    return address.is_global and not address.is_multicast
