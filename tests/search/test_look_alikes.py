"""Look-alikes: found in public and among one's own, never in what others keep secret."""

from typing import Any

from marketplace.search.lookalikes.rules import likeness
from tests.factories.accounts import assert_refused
from tests.factories.deals import Market, list_right, ok
from tests.factories.ideas import Idea
from tests.factories.people import Person
from tests.factories.register import registered
from tests.factories.store import next_number
from tests.factories.world import World

SHELF = "A shelf that dries wet umbrellas in nine minutes by a fan under a perforated tray."
SECRET = "The fan turns at 4,100 revolutions, and the tray is heated to 41 degrees by waste heat."
NEVER = "Zeolite granules in the drip channel adsorb the moisture and are regenerated at night."


def test_a_copied_paragraph_counts_whatever_surrounds_it() -> None:
    filler = "Barges carry gravel along canals, and locks lift them between two levels. " * 40
    same, none, part = likeness(SECRET, [SECRET, "완전히 다른 것", f"{filler}\n{SECRET}\n{filler}"])
    assert (same, none) == (10_000, 0)
    assert part == 10_000
    assert likeness("", [SECRET]) == [0]
    assert likeness(SECRET, []) == []


async def test_look_alikes_are_public_or_ones_own(world: World) -> None:
    market = await Market.open(world)
    author, other = market.seller, market.buyer
    idea = await Idea.of(author, SECRET, title="Umbrella shelf", abstract=SHELF)
    mine = await Idea.of(author, SECRET + " Twice.", title="Rack", abstract=None)
    patent = await registered(other, title="Drying rack", abstract=SHELF)
    listing = await list_right(
        other,
        {
            "kind": "idea",
            "title": "Dry umbrellas",
            "abstract": SHELF,
            "language": "en",
            "classifications": [],
        },
        confidential="nothing of the kind",
    )
    pending = next_number()
    body = {"kind": "patent", "language": "en", "identifier": pending, "title": "Wet umbrellas"}
    unpublished = await ok(await other.post("/v1/rights", body | {"abstract": SHELF}))
    hidden = await Idea.of(other, NEVER, title="Umbrella shelf", abstract=SHELF)
    await world.work()

    before = await _look(author, idea)

    found = {(one["source"], one["id"]) for one in before["candidates"]}
    assert found == {("own", mine.right_id), ("register", patent), ("market", listing)}
    assert before["score_basis_points"] > 7_000
    assert unpublished["id"] not in str(before)
    assert hidden.right_id not in str(before)
    await _others_secrets_change_nothing(world, author, other, idea, before)
    assert_refused(await other.post(f"{idea.path}/look-alikes"), 404, "not_found")
    assert_refused(await author.post(f"/v1/rights/{patent}/look-alikes"), 404, "not_found")


async def _others_secrets_change_nothing(
    world: World, author: Person, other: Person, idea: Idea, before: dict[str, Any]
) -> None:
    """Neither score, nor candidates, nor how many texts were compared."""
    await idea.put(SECRET + NEVER)
    public = await _look(author, idea)
    assert public["compared"] == before["compared"]
    for text in (SECRET, SECRET + NEVER, NEVER * 50):
        await Idea.of(other, text, title="Another", abstract=None)
    await world.work()
    assert await _look(author, idea) == public


async def _look(who: Person, idea: Idea) -> dict[str, Any]:
    found: dict[str, Any] = await ok(await who.post(f"{idea.path}/look-alikes"))
    return found
