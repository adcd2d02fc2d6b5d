"""Whatever happens to deals in parts, shared and taxed: no minor unit is lost or made."""

from collections.abc import AsyncIterator
from random import Random
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from marketplace.deals.lifecycle import BUYER, OPERATOR, SELLER
from marketplace.kernel.money import share_of
from tests.factories.bank import bank_account
from tests.factories.deals import Market, ok, sign
from tests.factories.parts import agreed, payee
from tests.factories.world import World
from tests.payments.test_money_is_conserved import EXAMPLES, Ground, Play, actor_of

STEPS: Final = 110
SPECIAL: Final[tuple[dict[str, Any], ...]] = (
    {"parts": (400_001, 300_001, 300_001)},
    {"parts": (7, 5), "taxed": True, "shared": True},
    {"parts": (), "taxed": True, "shared": True},
    {"parts": (), "taxed": True, "shared": False},
)


async def special_deal(
    market: Market, *, parts: tuple[int, ...], taxed: bool = False, shared: bool = False
) -> str:
    """A signed deal whose first part is due at once, the second on a day, others on milestones."""
    price = sum(parts) or 1_000_003
    if taxed:
        vat = {"residence": "KR", "party": "individual", "vat_number": "123-45-67890"}
        await ok(await market.seller.put("/v1/tax-profile", vat))
        policy = {"commission_basis_points": 700, "vat_country": "KR", "reason": "taxed"}
        await ok(await market.operator.post("/v1/fee-policies", policy))
    deal_id = await agreed(market, price)
    dues = ({"after_days": 0}, {"after_days": 9}, {"milestone": "trained"})
    plan = [
        {"amount_minor": amount, "before_transfer": number == 0, **due}
        for number, (amount, due) in enumerate(zip(parts, dues, strict=False))
    ]
    if plan:
        await ok(await market.seller.post(f"/v1/deals/{deal_id}/plan-parts", {"parts": plan}))
    if shared:
        named = [
            payee(market.seller, "seller", 2, 3),
            payee(market.stranger, "broker", 1, 3),
        ]
        await ok(await market.seller.post(f"/v1/deals/{deal_id}/name-payees", {"payees": named}))
    await sign((market.seller, market.buyer), deal_id)
    return deal_id


_SPECIAL_SUMS: Final = """
    SELECT
        (SELECT coalesce(sum(balance_minor), 0) FROM ledger_account
            WHERE address LIKE 'payable:%' OR address LIKE 'commission:%'
                OR address LIKE 'tax:%' OR address LIKE 'transit:%')
        + (SELECT coalesce(sum(amount_minor), 0) FROM payout
            WHERE state IN ('confirmed', 'final') AND organisation_id IS NOT NULL) AS owed,
        (SELECT coalesce(sum(amount_minor), 0) FROM bank_entry
            WHERE direction = 'credit' AND NOT reversal AND state IN ('matched', 'applied'))
            AS came,
        (SELECT coalesce(sum(balance_minor), 0) FROM ledger_account
            WHERE address LIKE 'held:%') AS held,
        (SELECT coalesce(sum(amount_minor), 0) FROM payout
            WHERE state IN ('prepared', 'sent') AND organisation_id IS NULL) AS elsewhere
"""


async def require_sums_are_whole(play: Play) -> None:
    """All that came is held, owed, or paid; a deal's own sums never exceed its price."""
    (sums,) = await play.rows(_SPECIAL_SUMS)
    assert sums.owed - sums.elsewhere + sums.held == sums.came
    for deal in await play.rows("SELECT * FROM deal"):
        gone = deal.released_minor + deal.refunded_minor
        assert gone <= deal.price_minor
        assert deal.returned_minor <= deal.released_minor
        rate = deal.commission_basis_points
        assert deal.commission_minor == share_of(deal.released_minor, rate)
        if deal.state in {"settled", "refunded", "reversed"} and not deal.in_parts:
            assert gone == deal.price_minor
        if deal.state in {"reversed", "refunded", "cancelled"}:
            assert deal.returned_minor == deal.released_minor


@pytest.fixture
async def ground(world: World) -> AsyncIterator[Ground]:
    """Such deals, between parties of their own."""
    market = await Market.open(world)
    deals = [UUID(await special_deal(market, **terms)) for terms in SPECIAL]
    for party in (market.seller, market.buyer):
        await ok(await party.put("/v1/payee-account", bank_account()))
    roles = {BUYER: market.buyer, SELLER: market.seller, OPERATOR: market.operator}
    actors = {role: actor_of(who, role) for role, who in roles.items()}
    async with world.engine.connect() as connection:
        yield Ground(world, connection, actors, deals, require_sums_are_whole, STEPS)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**64 - 1))
async def test_parts_shares_and_taxes_are_conserved(ground: Ground, seed: int) -> None:
    await ground.play(Random(seed))  # noqa: S311 - a walk to repeat, not a secret
