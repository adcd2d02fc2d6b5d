"""How many requests a caller may send: token buckets in the memory of this process.

A request is charged to its credential once that is known to be good, else to its address: made-up
credentials must not buy new quotas. What it costs does not grow with the number of callers, and
nothing is asked of the database (docs/decisions/0012).
"""

import time
from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import Final

from starlette.requests import Request
from starlette.types import Scope

WINDOW_SECONDS: Final = 60
CALLERS_MAX: Final = 50_000
"""So many callers are told apart in a generation, of which there are two."""
ROUNDING_SECONDS: Final = 1e-6
STATE: Final = "rate_limit"
NETWORK_BITS: Final = 64
"""One customer of a provider has a whole IPv6 network of this size to choose addresses from."""

Header = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Quotas:
    """Requests a minute: per credential, per address without one, and where secrets are tried."""

    credential: int
    address: int
    sign_in: int


class Buckets:
    """The callers of one policy, by the generic cell rate algorithm.

    All that is kept of a caller is when its quota will be whole again. Callers live in two
    generations of at least a window each, so whoever is forgotten with the older one was whole;
    only a flood of new callers ends a generation early.
    """

    def __init__(self, name: str, quota: int) -> None:
        """`quota` requests at once, then one each `WINDOW_SECONDS / quota`."""
        self._each_seconds = WINDOW_SECONDS / quota
        self.policy = b'"%b";q=%d;w=%d' % (name.encode(), quota, WINDOW_SECONDS)
        self.name = name.encode()
        self._young: dict[Hashable, float] = {}
        self._old: dict[Hashable, float] = {}
        self._turned_at = float("-inf")

    def __contains__(self, key: Hashable) -> bool:
        return key in self._young or key in self._old

    def take(self, key: Hashable, at: float) -> "Charge":
        """Charge a caller with one request; a refused one is charged nothing."""
        if at - self._turned_at >= WINDOW_SECONDS or len(self._young) >= CALLERS_MAX:
            self._old, self._young, self._turned_at = self._young, {}, at
        known = self._young.get(key)
        if known is None:
            known = self._old.get(key, at)
        whole_in = max(known - at, 0.0) + self._each_seconds
        spare = WINDOW_SECONDS - whole_in + ROUNDING_SECONDS
        if spare < 0:
            return Charge(self, key, 0, -spare, is_refused=True)
        self._young[key] = at + whole_in
        left = int(spare / self._each_seconds)
        return Charge(self, key, left, whole_in if left else self._each_seconds - spare)

    def give_back(self, key: Hashable) -> None:
        """Take one charge back, as when it turns out whom to charge instead."""
        if key in self._young:
            self._young[key] -= self._each_seconds


class Charge:
    """What one request was charged with, and what is left of the quota for how long."""

    __slots__ = ("buckets", "is_refused", "key", "left", "seconds", "unproven")

    def __init__(
        self,
        buckets: Buckets,
        key: Hashable,
        left: int,
        seconds: float,
        *,
        is_refused: bool = False,
    ) -> None:
        self.buckets = buckets
        self.key = key
        self.left = left
        self.seconds = ceil(seconds) or 1
        self.is_refused = is_refused
        self.unproven: Hashable = None

    def headers(self) -> tuple[Header, Header]:
        """The fields of draft-ietf-httpapi-ratelimit-headers-10.

        `t` is when the quota is whole again, or when nothing is left, when the next request may be
        sent; so it never says more or less than Retry-After.
        """
        state = b'"%b";r=%d;t=%d' % (self.buckets.name, self.left, self.seconds)
        return (b"ratelimit-policy", self.buckets.policy), (b"ratelimit", state)


class RateLimits:
    """Decides whom a request is charged to."""

    def __init__(
        self, quotas: Quotas, *, sign_in: frozenset[str], unlimited: frozenset[str]
    ) -> None:
        """Make the buckets.

        Args:
            quotas: requests a minute.
            sign_in: paths whose POST takes a secret that somebody might guess.
            unlimited: paths for those who watch the service, which a limit would make look ill.
        """
        self._credentials = Buckets("credential", quotas.credential)
        self._addresses = Buckets("address", quotas.address)
        self._sign_ins = Buckets("sign-in", quotas.sign_in)
        self._sign_in_paths = sign_in
        self._unlimited_paths = unlimited

    def charge(self, scope: Scope) -> Charge | None:
        """Charge a request before anything is done for it; None where nothing is counted."""
        path = scope["path"]
        if path in self._unlimited_paths:
            return None
        at = time.monotonic()
        if path in self._sign_in_paths and scope["method"] == "POST":
            return self._sign_ins.take(_address(scope), at)
        credential = _credential(scope)
        if credential is not None and credential in self._credentials:
            return self._credentials.take(credential, at)
        charge = self._addresses.take(_address(scope), at)
        charge.unproven = credential
        return charge

    def prove(self, charge: Charge) -> Charge:
        """Charge the credential in place of the address, now that it is known to be good."""
        if charge.unproven is None:
            return charge
        charge.buckets.give_back(charge.key)
        return self._credentials.take(charge.unproven, time.monotonic())


def credential_is_good(request: Request) -> None:
    """Tell that the request's credential was authenticated."""
    limits, charge = request.scope["state"].get(STATE, (None, None))
    if charge:
        request.scope["state"][STATE] = limits, limits.prove(charge)


def secret_was_right(request: Request) -> None:
    """Tell that nobody guessed: who signs in rightly is not charged with an attempt."""
    _, charge = request.scope["state"].get(STATE, (None, None))
    if charge:
        charge.buckets.give_back(charge.key)


def _credential(scope: Scope) -> int | None:
    """A number that stands for the credential: nothing secret is kept, and none can be aimed at."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            return hash(value)
    return None


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return network_of(client[0]) if client else ""


@lru_cache(maxsize=10_000)
def network_of(host: str) -> str:
    """The address that a limit is about: the host, or the network of an IPv6 host."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return f"{int(address) >> NETWORK_BITS:x}::/{NETWORK_BITS}"
