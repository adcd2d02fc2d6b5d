"""Sealed auctions: nobody knows an amount before it is opened, ties go to who came first."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from marketplace.deals.auctions.rules import commitment
from tests.factories.auctions import (
    DEPOSIT_MINOR,
    NONCE,
    auctioned,
    bid,
    pass_time,
    payable,
    read,
    registration,
    seal,
    take_part,
    won,
)
from tests.factories.deals import Market, ok
from tests.factories.people import Person, person
from tests.factories.refusals import told
from tests.factories.tables import values

AMOUNT = 123_456_789


async def test_of_equal_bids_the_earlier_wins_and_who_opens_none_pays_for_it(
    market: Market, rivals: list[Person]
) -> None:
    world = market.world
    silent = await person(world.client, world.sessions, name="Silent")
    auction = await auctioned(market, kind="sealed", unrevealed="forfeit")
    path = f"/v1/auctions/{auction['id']}"
    ids = await take_part(market, auction, *rivals, silent)
    for who, bidder_id, minor in zip(
        (rivals[1], rivals[0], silent), (ids[1], ids[0], ids[2]), (AMOUNT,) * 3, strict=True
    ):
        await ok(await who.post(f"{path}/sealed-bids", seal(auction, bidder_id, minor)))
    assert told(await bid(rivals[0], auction, AMOUNT)) == (409, "other_kind_of_auction")
    opened = won(AMOUNT) | {"nonce": NONCE}
    assert told(await rivals[0].post(f"{path}/reveal", opened)) == (409, "illegal_move")
    await _nobody_knows(market)
    bids = (await ok(await market.operator.get(f"{path}/bids")))["items"]
    assert [(one["amount"], one["nonce"]) for one in bids] == [(None, None)] * 3

    await pass_time(market, days=1)

    late = seal(auction, ids[0], AMOUNT + 1)
    assert told(await rivals[0].post(f"{path}/sealed-bids", late)) == (409, "auction_over")
    for wrong in (won(AMOUNT + 1) | {"nonce": NONCE}, won(AMOUNT) | {"nonce": NONCE[::-1]}):
        assert told(await rivals[0].post(f"{path}/reveal", wrong)) == (409, "commitment_mismatch")
    stranger = await market.stranger.post(f"{path}/reveal", opened)
    assert told(stranger) == (403, "not_admitted")
    for who in rivals:
        await ok(await who.post(f"{path}/reveal", opened))
    assert told(await rivals[0].post(f"{path}/reveal", opened)) == (409, "already_revealed")
    before = await payable(market.seller)
    await pass_time(market, days=1)
    found = await read(market, auction)
    assert (found["state"], found["price_minor"], found["winner"]) == ("awarded", AMOUNT, 2)
    assert (await registration(silent, auction))["state"] == "forfeited"
    assert (await registration(rivals[0], auction))["state"] == "released"
    assert await payable(market.seller) - before == DEPOSIT_MINOR
    assert await world.proofs() == []


async def _nobody_knows(market: Market) -> None:
    """No column of any table, no event and no stored answer tells the amount or the nonce."""
    async with market.world.engine.connect() as connection:
        found = [name async for name, value in values(connection) if _tells(value)]
        assert found == []
        logged = text("SELECT count(*) FROM event WHERE data::text LIKE :amount")
        assert (await connection.execute(logged, {"amount": f"%{AMOUNT}%"})).scalar_one() == 0


def _tells(value: object) -> bool:
    return str(AMOUNT) in str(value) or NONCE in str(value)


async def test_only_the_last_sealed_bid_counts_and_one_that_stays_shut_is_void(
    market: Market, rivals: list[Person]
) -> None:
    auction = await auctioned(market, kind="sealed")
    path = f"/v1/auctions/{auction['id']}"
    (one, two) = await take_part(market, auction, *rivals)
    for minor in (200_000_000, 90_000_000):
        await ok(await rivals[0].post(f"{path}/sealed-bids", seal(auction, one, minor)))
    await ok(await rivals[1].post(f"{path}/sealed-bids", seal(auction, two, 300_000_000)))
    await pass_time(market, days=1)
    earlier = won(200_000_000) | {"nonce": NONCE}
    assert told(await rivals[0].post(f"{path}/reveal", earlier)) == (409, "commitment_mismatch")
    await ok(await rivals[0].post(f"{path}/reveal", won(90_000_000) | {"nonce": NONCE}))
    await pass_time(market, days=1)
    assert (await read(market, auction))["price_minor"] == 90_000_000
    assert (await registration(rivals[1], auction))["state"] == "released"
    again = won(300_000_000) | {"nonce": NONCE}
    assert told(await rivals[1].post(f"{path}/reveal", again))[0] in {403, 409}


async def test_an_operator_calls_it_off_and_everybody_has_their_deposit_back(
    market: Market, rivals: list[Person]
) -> None:
    auction = await auctioned(market, kind="sealed", unrevealed="forfeit")
    path = f"/v1/auctions/{auction['id']}"
    (one,) = await take_part(market, auction, rivals[0])
    await ok(await rivals[0].post(f"{path}/sealed-bids", seal(auction, one, 90_000_000)))
    await pass_time(market, days=1)
    assert told(await market.seller.post(f"{path}/cancel")) == (403, "not_your_move")
    await ok(await market.operator.post(f"{path}/cancel"))
    await market.world.work()
    assert (await registration(rivals[0], auction))["state"] == "released"
    assert await payable(rivals[0]) == DEPOSIT_MINOR


@given(st.integers(1, 10**15), st.integers(1, 10**15), st.uuids(), st.uuids())
def test_a_seal_fits_one_amount_of_one_bidder(minor: int, other: int, one: UUID, two: UUID) -> None:
    sealed = commitment(one, two, minor, NONCE)
    assert (commitment(one, two, other, NONCE) == sealed) == (minor == other)
    assert (commitment(two, one, minor, NONCE) == sealed) == (one == two)
