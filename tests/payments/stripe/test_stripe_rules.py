"""What Stripe can carry, and how it is told."""

import pytest

from marketplace.payments.funding.models import Provider
from marketplace.payments.providers.port import Inquiry
from marketplace.payments.providers.stripe.amounts import (
    AmountNotRepresentableError,
    from_stripe,
    to_stripe,
)
from marketplace.payments.providers.stripe.capability import Stripe
from marketplace.payments.providers.stripe.requirements import disabled_in_words, in_words
from marketplace.payments.providers.stripe.webhooks import look_for
from marketplace.payments.transfers.rules import allocate

US = Stripe(enabled=True, country="US", currencies=frozenset({"USD", "KWD"}))


def inquiry(amount_minor: int = 10_000, currency: str = "USD", *payees: str) -> Inquiry:
    countries = frozenset(payees or ("US",))
    return Inquiry(amount_minor, currency, countries, frozenset({"US", "DE"}), 730)


@pytest.mark.parametrize(
    ("asked", "reasons"),
    [
        (inquiry(), []),
        (inquiry(99_999_999, "USD", "US", "DE"), []),
        (
            inquiry(10_000, "KRW"),
            ["the platform keeps no Stripe balance in KRW, and nothing is converted"],
        ),
        (inquiry(100_000_000), ["Stripe takes at most 999999.99 USD in one payment"]),
        (inquiry(49), ["Stripe takes at least 0.50 USD"]),
        (inquiry(1_001, "KWD"), ["Stripe takes amounts in KWD whose last decimal is 0"]),
        (
            inquiry(10_000, "USD", "US", "KR", "CN"),
            [
                "Stripe does not pay out to CN, where a payee of this deal is",
                "Stripe does not pay out to KR, where a payee of this deal is",
            ],
        ),
    ],
)
def test_an_option_says_why_not(asked: Inquiry, reasons: list[str]) -> None:
    option = US.option(asked)
    assert (option.provider, list(option.reasons)) == (Provider.STRIPE, reasons)
    assert option.possible is not bool(reasons)
    assert "730 days" in option.note
    assert "not escrow" in option.note


def test_without_a_key_nothing_else_is_told() -> None:
    off = Stripe(enabled=False, country="US", currencies=frozenset())
    assert off.option(inquiry(1, "KRW", "KR")).reasons == (
        "Stripe is not set up on this platform; pay by bank transfer",
    )


@pytest.mark.parametrize(
    ("amount_minor", "currency", "at_stripe"),
    [(1234, "USD", 1234), (1234, "KRW", 1234), (12, "UGX", 1200), (7, "ISK", 700), (50, "KWD", 50)],
)
def test_amounts_go_there_and_back(amount_minor: int, currency: str, at_stripe: int) -> None:
    assert to_stripe(amount_minor, currency) == at_stripe
    assert from_stripe(at_stripe, currency) == amount_minor


def test_what_cannot_be_carried_is_refused_not_rounded() -> None:
    with pytest.raises(AmountNotRepresentableError):
        to_stripe(1_234_567, "KWD")
    with pytest.raises(AmountNotRepresentableError):
        from_stripe(101, "UGX")


def test_requirements_are_told_in_words_once() -> None:
    codes = ["individual.dob.day", "individual.dob.month", "person_1a.verification.document"]
    assert in_words([*codes, "company.something_new"]) == [
        "give your date of birth",
        "upload an identity document",
        "complete “company something new” in the onboarding",
    ]
    assert disabled_in_words(None) is None
    assert disabled_in_words("unheard_of") == "Stripe says: unheard_of"


def test_allocation_takes_from_the_first_first() -> None:
    sources = [("a", 30), ("b", 0), ("c", 50)]
    assert list(allocate(40, sources)) == [("a", 30), ("c", 10)]
    assert list(allocate(100, sources)) == [("a", 30), ("c", 50)]
    assert list(allocate(-5, sources)) == []


@pytest.mark.parametrize(
    "event",
    [{}, {"type": 1}, {"data": None}, {"data": {"object": []}}, {"account": 5, "type": "x"}],
)
def test_an_odd_event_is_no_reason_to_look(event: dict[str, object]) -> None:
    assert look_for(event) is None
