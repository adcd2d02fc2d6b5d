"""Whatever is filed, corrected, audited and paid: what is booked is what the figures come to."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.deals.royalties.rules import PeriodBase, dues
from marketplace.listings.licensing.terms import RoyaltyTerms
from tests.factories.deals import Market, ok
from tests.factories.licences import (
    active,
    correct,
    figures,
    file,
    minor,
    pass_days,
    pay_royalties,
    reports,
    royalty,
    statement,
)
from tests.royalties.test_royalty_rules import year_of

TERMS = royalty(period_months=6, due_days=180, minimum_annual_minor=10_000_000)
amounts = st.integers(0, 4_000_000_000)
steps = st.lists(
    st.tuples(st.sampled_from(["correct", "audit", "pay"]), st.integers(1, 2), amounts), max_size=6
)


async def _step(market: Market, licence: dict[str, Any], step: tuple[str, int, int]) -> bool:
    kind, number, gross_minor = step
    if kind == "pay":
        await pay_royalties(market, licence)
        return False
    if kind == "correct":
        await correct(market, licence, number, gross_minor)
        return True
    claim = {
        "statement": "audited",
        "findings": [figures(licence, gross_minor) | {"number": number}],
    }
    path = f"/v1/licences/{licence['id']}/royalty-audits"
    audit = await ok(await market.seller.post(path, claim))
    await ok(await market.buyer.post(f"/v1/royalty-audits/{audit['id']}/agree"))
    return True


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=amounts, second=amounts, history=steps)
async def test_a_royalty_account_is_what_its_figures_come_to(
    market: Market, first: int, second: int, history: list[tuple[str, int, int]]
) -> None:
    licence = await active(market, royalty=TERMS)
    await pass_days(market, 366)
    bases = [first, second]
    for number, gross_minor in enumerate(bases, 1):
        await file(market, licence, number, gross_minor)
    for step in history:
        kind, number, gross_minor = step
        if kind != "pay" and gross_minor == bases[number - 1]:
            continue
        if await _step(market, licence, step):
            bases[number - 1] = gross_minor

    expected: list[PeriodBase] = year_of(*bases)
    owed = [due.due_minor for due in dues(RoyaltyTerms.model_validate(TERMS), expected)]
    told = await statement(market.buyer, licence)
    royalties = [c for c in told["charges"] if c["kind"] == "royalty"]
    assert sum(c["amount"]["amount_minor"] for c in royalties) == sum(owed)
    found = await reports(market, licence)
    assert [minor(report, "due")[0] for report in found[:2]] == owed
    charged, paid, asked, credit = minor(told, "charged", "paid", "asked", "credit")
    assert charged == paid + asked - credit
    assert not (asked and credit)
    assert await market.world.proofs() == []
