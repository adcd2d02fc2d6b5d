from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.accounts.attempts.rules import (
    ACCOUNT_FREE,
    ADDRESS_FREE,
    FORGOTTEN_AFTER,
    KNOWN_FOR,
    PAIR_FREE,
    WAIT_MAX,
    Counted,
    wait_after,
    waits_until,
)
from tests.factories.steady import steady

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
NOTHING = Counted()
MANY = Counted(10_000, AT)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (14, 512), (15, 900), (16, 900), (2**40, 900)],
)
def test_waiting_doubles_from_a_second_to_a_cap(failures: int, seconds: int) -> None:
    assert wait_after(failures, PAIR_FREE) == timedelta(seconds=seconds)


@steady
@given(st.integers(0, 10**9), st.sampled_from([PAIR_FREE, ADDRESS_FREE, ACCOUNT_FREE]))
def test_more_failures_never_wait_less(failures: int, free: int) -> None:
    assert wait_after(failures, free) <= wait_after(failures + 1, free) <= WAIT_MAX


@pytest.mark.parametrize(
    ("pair", "address", "account", "waits"),
    [
        (NOTHING, NOTHING, NOTHING, None),
        (Counted(PAIR_FREE - 1, AT), NOTHING, NOTHING, None),
        (Counted(PAIR_FREE, AT), NOTHING, NOTHING, timedelta(seconds=1)),
        (NOTHING, Counted(ADDRESS_FREE, AT), NOTHING, timedelta(seconds=1)),
        (NOTHING, NOTHING, Counted(ACCOUNT_FREE, AT), timedelta(seconds=1)),
        (Counted(PAIR_FREE + 2, AT), NOTHING, Counted(ACCOUNT_FREE, AT), timedelta(seconds=4)),
        (Counted(10_000, AT - FORGOTTEN_AFTER), NOTHING, NOTHING, None),
        (Counted(10_000, AT - WAIT_MAX), NOTHING, NOTHING, None),
        (Counted(0, None, AT - KNOWN_FOR), MANY, MANY, WAIT_MAX),
        # Where the owner signs in from, what others do keeps nobody out; what is done there does.
        (Counted(0, None, AT), MANY, MANY, None),
        (Counted(PAIR_FREE, AT, AT), MANY, MANY, timedelta(seconds=1)),
    ],
)
def test_who_waits(
    pair: Counted, address: Counted, account: Counted, waits: timedelta | None
) -> None:
    until = waits_until(pair, address, account, AT)
    assert until == (AT + waits if waits else None)
