"""Every worked number of pledge financing: schedules, day counts, limits, waterfall, losses."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.financing.loans.day_counts import DayCount
from marketplace.financing.loans.debts import running_interest
from marketplace.financing.loans.models import LoanInstalment
from marketplace.financing.loans.rules import (
    effective_cost_basis_points,
    eligible_minor,
    guarantee_fee_minor,
    guarantee_max_minor,
    late_interest_minor,
    late_rate,
    ltv_basis_points,
    prepayable_minor,
    prepayment_fee_minor,
    within_ltv,
)
from marketplace.financing.loans.schedules import (
    Pricing,
    ScheduleKind,
    periods,
    reduced,
    replanned,
    schedule,
)
from marketplace.financing.recovery.rules import (
    Claim,
    Debt,
    Share,
    allocate,
    recovery_price_minor,
    share_recovery,
    waterfall,
)
from marketplace.kernel.ids import new_id
from tests.factories.steady import steady

START = date(2026, 1, 15)
YEAR = periods(START, term_months=12)
PRICING = Pricing(540)
LOAN = 300_000_000
LOSS = 193_106_849


def test_an_annuity() -> None:
    rows = schedule(ScheduleKind.ANNUITY, LOAN, YEAR, PRICING)
    told = {
        row.number: (row.interest_minor, row.principal_minor, row.balance_minor) for row in rows
    }
    assert told[1] == (1_350_000, 24_387_269, 275_612_731)
    assert told[2] == (1_240_257, 24_497_012, 251_115_719)
    assert told[11] == (230_081, 25_507_188, 25_621_970)
    assert told[12] == (115_299, 25_621_970, 0)
    assert {row.payment_minor for row in rows} == {25_737_269}
    assert sum(row.interest_minor for row in rows) == 8_847_228


def test_equal_principal_and_a_bullet() -> None:
    rows = schedule(ScheduleKind.EQUAL_PRINCIPAL, LOAN, YEAR, PRICING)
    assert {row.principal_minor for row in rows} == {25_000_000}
    assert [row.interest_minor for row in rows][:2] == [1_350_000, 1_237_500]
    assert rows[-1].interest_minor == 112_500
    assert sum(row.interest_minor for row in rows) == 8_775_000
    rows = schedule(ScheduleKind.BULLET, LOAN, YEAR, PRICING)
    assert [row.principal_minor for row in rows] == [0] * 11 + [LOAN]
    assert sum(row.interest_minor for row in rows) == 16_200_000


def test_the_last_instalment_takes_the_residue() -> None:
    found = periods(START, term_months=7)
    rows = schedule(ScheduleKind.EQUAL_PRINCIPAL, 100_000_000, found, Pricing(0))
    assert [row.principal_minor for row in rows] == [14_285_714] * 6 + [14_285_716]
    rows = schedule(ScheduleKind.ANNUITY, 100_000_000, found, Pricing(0))
    assert [row.payment_minor for row in rows] == [14_285_714] * 6 + [14_285_716]


@pytest.mark.parametrize(
    ("start", "end", "convention", "interest"),
    [
        (date(2024, 1, 31), date(2024, 7, 31), DayCount.ACT_365F, 2_991_781),
        (date(2024, 1, 31), date(2024, 7, 31), DayCount.ACT_360, 3_033_333),
        (date(2024, 1, 31), date(2024, 7, 31), DayCount.ACT_ACT_ISDA, 2_983_607),
        (date(2024, 1, 31), date(2024, 7, 31), DayCount.THIRTY_E_360, 3_000_000),
        (date(2023, 11, 15), date(2024, 2, 15), DayCount.ACT_365F, 1_512_329),
        (date(2023, 11, 15), date(2024, 2, 15), DayCount.ACT_360, 1_533_333),
        (date(2023, 11, 15), date(2024, 2, 15), DayCount.ACT_ACT_ISDA, 1_510_308),
        (date(2023, 11, 15), date(2024, 2, 15), DayCount.THIRTY_E_360, 1_500_000),
        (date(2023, 11, 15), date(2024, 2, 15), DayCount.MONTHS, 1_500_000),
    ],
)
def test_day_counts(start: date, end: date, convention: DayCount, interest: int) -> None:
    assert Pricing(600, convention).interest_minor(100_000_000, start, end) == interest


def test_late_interest_prepayment_and_guarantee() -> None:
    assert late_interest_minor(LOAN, late_rate(540, 300), 45) == 3_106_849
    assert late_rate(1_900, 300) == 2_000
    assert late_rate(2_500, 300) == 2_500
    fee = prepayment_fee_minor(100_000_000, 120, remaining_days=500, total_days=1_096)
    assert fee == 547_445
    most = prepayable_minor(100_547_445, 120, remaining_days=500, total_days=1_096)
    assert most == 100_000_000
    assert guarantee_fee_minor(100_000_000, 120, START, START + timedelta(days=365)) == 1_200_000


def test_limits() -> None:
    assert eligible_minor([(500, 6_000), (300, 5_000), (200, 3_000)]) == 510
    assert [guarantee_max_minor(1_000, loan) for loan in (600, 800, 1_000)] == [300, 200, 0]
    assert ltv_basis_points(300, 500) == 6_000
    assert ltv_basis_points(300, 350) == 8_571
    assert ltv_basis_points(300, 0) is None
    assert within_ltv(300, 500, 6_000)
    assert not within_ltv(300, 350, 6_000)


def test_months_are_counted_from_the_first_day_of_the_loan() -> None:
    start = date(2026, 1, 31)
    found = periods(start, term_months=12)
    rows = schedule(ScheduleKind.BULLET, LOAN, found, Pricing(540, anchor=start))
    assert {row.interest_minor for row in rows} == {1_350_000}
    assert sum(row.interest_minor for row in rows) == 16_200_000
    pricing = Pricing(540, anchor=START)
    half = pricing.exact(LOAN, START, START + timedelta(days=20))
    rest = pricing.exact(LOAN, START + timedelta(days=20), YEAR[0].due_on)
    assert half + rest == 1_350_000


def test_a_running_period_keeps_its_rate_when_the_loans_is_set_anew() -> None:
    start, due_on = date(2026, 1, 15), date(2026, 7, 15)
    row = LoanInstalment(
        loan_id=new_id(),
        number=1,
        starts_on=start,
        due_on=due_on,
        rate_basis_points=540,
        principal_minor=LOAN,
        interest_minor=8_100_000,
    )
    after_reset = Pricing(640, anchor=start)
    assert running_interest(row, LOAN, after_reset, date(2026, 4, 15)) == 4_050_000


def test_what_a_loan_costs() -> None:
    rows = schedule(ScheduleKind.BULLET, LOAN, YEAR, PRICING)
    assert effective_cost_basis_points(LOAN, START, rows) == 554
    assert effective_cost_basis_points(LOAN - 3_000_000, START, rows) > 554
    free = schedule(ScheduleKind.BULLET, LOAN, YEAR, Pricing(0))
    assert effective_cost_basis_points(LOAN, START, free) == 0


def test_a_prepayment_changes_only_what_is_to_come() -> None:
    rows = schedule(ScheduleKind.ANNUITY, LOAN, YEAR, PRICING)
    paid_on = rows[3].starts_on + timedelta(days=10)
    left = rows[2].balance_minor - 100_000_000
    run = PRICING.exact(rows[2].balance_minor, rows[3].starts_on, paid_on)
    after = replanned(
        ScheduleKind.ANNUITY, rows[3:], left, PRICING, run_until=paid_on, run_interest=run
    )
    assert [(row.number, row.due_on) for row in after] == [
        (row.number, row.due_on) for row in rows[3:]
    ]
    assert sum(row.principal_minor for row in after) == left
    assert after[-1].balance_minor == 0
    assert after[0].interest_minor < rows[3].interest_minor
    assert len({row.payment_minor for row in after[:-1]}) == 1
    assert reduced([10, 20, 30], 35) == [10, 15, 0]


def test_a_reset_takes_the_new_rate_from_its_day() -> None:
    rows = schedule(ScheduleKind.EQUAL_PRINCIPAL, LOAN, YEAR, PRICING)
    after = replanned(ScheduleKind.EQUAL_PRINCIPAL, rows[6:], rows[5].balance_minor, Pricing(640))
    assert [row.principal_minor for row in after] == [25_000_000] * 6
    assert after[0].interest_minor == 800_000


def test_the_waterfall() -> None:
    debt = Debt(6_000_000, 4_000_000, 3_106_849, LOAN)
    found = waterfall(120_000_000, [Claim(debt)])
    assert found.paid[0].principal_minor == 106_893_151
    assert debt.minus(found.paid[0]) == Debt(0, 0, 0, LOSS)
    assert found.surplus_minor == 0


def test_ranks_and_the_surplus() -> None:
    claims = [
        Claim(Debt(costs_minor=10, principal_minor=100), secured_max_minor=80),
        Claim(Debt(interest_minor=5, principal_minor=50)),
    ]
    found = waterfall(150, claims)
    assert found.paid == (Debt(10, 0, 0, 80), Debt(0, 5, 0, 50))
    assert found.surplus_minor == 5
    found = waterfall(60, claims)
    assert found.paid == (Debt(10, 0, 0, 50), Debt())


@pytest.mark.parametrize(
    ("loss", "weights", "parts"),
    [
        (LOSS, (54, 26, 16, 4), (104_277_698, 50_207_781, 30_897_096, 7_724_274)),
        (LOSS, (4, 3, 2, 1), (77_242_739, 57_932_055, 38_621_370, 19_310_685)),
        (10, (1, 1, 1), (4, 3, 3)),
        (345_678_901, (4, 4, 2), (138_271_561, 138_271_560, 69_135_780)),
    ],
)
def test_losses_are_allocated(loss: int, weights: tuple[int, ...], parts: tuple[int, ...]) -> None:
    assert tuple(allocate(loss, [Share(weight) for weight in weights], lender=1)) == parts


def test_later_recoveries_and_caps() -> None:
    borne = (104_277_698, 50_207_781, 30_897_096, 7_724_274)
    found = share_recovery(50_000_000, borne)
    assert found.parts_minor == (27_000_000, 13_000_000, 8_000_000, 2_000_000)
    assert share_recovery(LOSS + 7, borne).surplus_minor == 7
    capped = allocate(100, [Share(54, (30, 40)), Share(26), Share(20, (0,))], lender=1)
    assert capped == [30, 70, 0]


def test_the_price_of_a_recovery_organisation() -> None:
    assert recovery_price_minor(500_000_000, 300_000_000, None) == 250_000_000
    assert recovery_price_minor(500_000_000, 200_000_000, None) == 200_000_000
    assert recovery_price_minor(500_000_000, 300_000_000, 90_000_000) == 90_000_000


KINDS = st.sampled_from([k for k in ScheduleKind if k is not ScheduleKind.CUSTOM])


@steady
@given(
    kind=KINDS,
    balance=st.integers(1, 10**12),
    rate=st.integers(0, 3_000),
    months=st.integers(1, 120),
    each=st.sampled_from([1, 3, 6]),
    convention=st.sampled_from(list(DayCount)),
    start=st.dates(date(2000, 1, 1), date(2060, 1, 1)),
)
def test_every_schedule_repays_all_and_nothing_more(
    kind: ScheduleKind,
    balance: int,
    rate: int,
    months: int,
    each: int,
    convention: DayCount,
    start: date,
) -> None:
    found = periods(start, term_months=max(months, each), months_each=each)
    rows = schedule(kind, balance, found, Pricing(rate, convention))
    assert sum(row.principal_minor for row in rows) == balance
    assert rows[-1].balance_minor == 0
    assert all(row.interest_minor >= 0 and row.principal_minor >= 0 for row in rows)
    assert all(one.due_on < other.due_on for one, other in pairwise(rows))
    kept = rows[len(rows) // 2 :]
    left = sum(row.principal_minor for row in kept)
    prepaid = left // 3
    again = replanned(
        kind,
        kept,
        left - prepaid,
        Pricing(rate + 50, convention),
        run_until=kept[0].starts_on + timedelta(days=3),
    )
    assert sum(row.principal_minor for row in again) + prepaid == left
    assert again[-1].balance_minor == 0


@steady
@given(
    loss=st.integers(0, 10**13),
    weights=st.lists(st.integers(1, 9_999), min_size=1, max_size=6),
    caps=st.lists(st.integers(0, 10**12), min_size=6, max_size=6),
    later=st.lists(st.integers(1, 10**12), max_size=4),
)
def test_no_loss_is_lost_and_nobody_pays_twice(
    loss: int, weights: list[int], caps: list[int], later: list[int]
) -> None:
    shares = [
        Share(weight, () if place == 0 else (caps[place],)) for place, weight in enumerate(weights)
    ]
    borne = allocate(loss, shares, lender=0)
    assert sum(borne) == loss
    assert all(
        part <= min(share.limits_minor, default=part)
        for part, share in zip(borne, shares, strict=True)
    )
    left = list(borne)
    for amount in later:
        found = share_recovery(amount, left)
        assert sum(found.parts_minor) + found.surplus_minor == amount
        left = [one - part for one, part in zip(left, found.parts_minor, strict=True)]
        assert min(left) >= 0


@steady
@given(
    proceeds=st.integers(0, 10**12),
    debts=st.lists(
        st.tuples(*[st.integers(0, 10**11)] * 4, st.none() | st.integers(0, 10**11)),
        min_size=1,
        max_size=4,
    ),
)
def test_a_waterfall_gives_out_all_of_it(
    proceeds: int, debts: list[tuple[int, int, int, int, int | None]]
) -> None:
    claims = [Claim(Debt(*debt[:4]), debt[4]) for debt in debts]
    found = waterfall(proceeds, claims)
    assert sum(paid.total_minor for paid in found.paid) + found.surplus_minor == proceeds
    assert all(
        min(claim.debt.minus(paid).costs_minor, claim.debt.minus(paid).principal_minor) >= 0
        for claim, paid in zip(claims, found.paid, strict=True)
    )


@steady
@given(amount=st.integers(0, 10**12), rate=st.integers(0, 500), left=st.integers(0, 1_000))
def test_what_prepays_with_its_fee_is_never_more_than_was_paid(
    amount: int, rate: int, left: int
) -> None:
    about = {"remaining_days": left, "total_days": 1_000}
    most = prepayable_minor(amount, rate, **about)
    assert most + prepayment_fee_minor(most, rate, **about) <= amount
    assert (most + 1) + prepayment_fee_minor(most + 1, rate, **about) > amount
