from fractions import Fraction
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from marketplace.kernel.money import AMOUNT_MINOR_MAX, major_text, minor_from_text, split
from tests.factories.steady import steady

AMOUNTS = st.integers(0, AMOUNT_MINOR_MAX)
WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any)
CASES = 100_000


def test_a_split_always_sums() -> None:
    random = Random(20260101)  # noqa: S311 - a reproducible sample, no secret
    for _ in range(CASES):
        amount_minor = random.randrange(10 ** random.randrange(1, 16))
        weights = [random.randrange(1, 10_001) for _ in range(random.randrange(1, 6))]
        assert sum(split(amount_minor, weights)) == amount_minor


@steady
@given(AMOUNTS, WEIGHTS)
def test_each_part_is_its_exact_share_rounded_and_ties_go_by_order(
    amount_minor: int, weights: list[int]
) -> None:
    parts = split(amount_minor, weights)

    exact = [Fraction(amount_minor * weight, sum(weights)) for weight in weights]
    assert all(
        int(share) <= part <= int(share) + 1 for part, share in zip(parts, exact, strict=True)
    )
    raised = [(-(share % 1), i) for i, share in enumerate(exact) if parts[i] > share]
    kept = [(-(share % 1), i) for i, share in enumerate(exact) if parts[i] < share]
    assert max(raised, default=(-1, 0)) < min(kept, default=(1, 0))


@steady
@given(st.integers(-AMOUNT_MINOR_MAX, AMOUNT_MINOR_MAX), st.sampled_from(["KRW", "USD", "KWD"]))
def test_money_as_text_loses_nothing(amount_minor: int, currency: str) -> None:
    assert minor_from_text(major_text(amount_minor, currency), currency) == amount_minor
