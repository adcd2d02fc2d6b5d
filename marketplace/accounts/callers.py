"""What signing in has to know of a request: where it comes from, and from what program."""

from dataclasses import dataclass, field
from typing import Annotated, Final

from fastapi import Depends, Request

from marketplace.kernel.crypto import Keyring
from marketplace.kernel.rate_limits import network_of

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
    """Who asks to be let in, or to do something grave.

    The address is compared by a keyed hash, and never stored.
    """

    keyring: Keyring
    address: str
    device: str
    credential: str = field(default="", repr=False)
    """What the request itself bears, if anything."""


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
    device = device_of(request.headers.get("user-agent", ""))
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    borne = credential.strip() if scheme.lower() == "bearer" else ""
    return Caller(keyring, network_of(address), device, borne)


Calling = Annotated[Caller, Depends(caller_of)]
