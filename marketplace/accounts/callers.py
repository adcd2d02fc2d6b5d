"""What signing in has to know of a request: where it comes from, and from what program."""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Annotated, Final

from fastapi import Depends, Request

from marketplace.kernel.crypto import Keyring

IPV6_CUSTOMER_BITS: Final = 64
"""Whoever has one IPv6 address has a network of this size to choose others from."""
PROGRAMS: Final = {
    "edg": "Edge",
    "opr/": "Opera",
    "samsungbrowser": "Samsung Internet",
    "whale/": "Whale",
    "firefox/": "Firefox",
    "chrome/": "Chrome",
    "safari/": "Safari",
    "curl/": "curl",
    "python": "Python",
    "node": "Node.js",
    "java": "Java",
    "go-http": "Go",
}
"""Part of a User-Agent in lower case → the program's name; the first that is found counts."""
SYSTEMS: Final = {
    "android": "Android",
    "iphone": "iPhone",
    "ipad": "iPad",
    "windows": "Windows",
    "mac os": "macOS",
    "linux": "Linux",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks to be let in. The address is compared by a keyed hash, and never stored."""

    keyring: Keyring
    address: str
    device: str


def network_of(address: str) -> str:
    """The network that one customer of a provider has; an unreadable address is as it is."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if found.version == 4:  # noqa: PLR2004 - the version of the protocol
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ip_network((found, IPV6_CUSTOMER_BITS), strict=False))


def device_of(user_agent: str) -> str:
    """A label that a person recognises, of fixed words: `Firefox on Windows`."""
    text = user_agent.lower()
    program = next((name for part, name in PROGRAMS.items() if part in text), "another program")
    system = next((name for part, name in SYSTEMS.items() if part in text), None)
    return f"{program} on {system}" if system else program


async def caller_of(request: Request) -> Caller:
    """Whoever sends a request, whom proxies that the server trusts have told it of."""
    keyring: Keyring = request.app.state.keyring
    address = request.client.host if request.client else ""
    return Caller(keyring, network_of(address), device_of(request.headers.get("user-agent", "")))


Calling = Annotated[Caller, Depends(caller_of)]
