"""What is known of a person is told to them whole, and goes with them, but for what others need."""

import asyncio
import json
from typing import Any

import httpx2
import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.seals import seal_new_events, verify
from marketplace.wiring import PERSONAL_DATA, TABLES
from tests.factories.deals import Market, debit, idea_body, list_right, offer, ok, right_body, sign
from tests.factories.people import Person, operator, person
from tests.factories.routes import ACCOUNT, BODIES
from tests.factories.tables import contents, values
from tests.factories.world import World
from tests.security.canary import leaks, spellings

PASSWORD = "long and private"
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
WORD = "CANARYme84k"
NEEDLES = spellings(WORD)
SECTIONS = {section.name: section for domain in PERSONAL_DATA for section in domain.sections}


def test_every_column_is_shown_or_left_out_for_a_reason() -> None:
    """When this fails, a domain's `personal_data.py` has to say what its new column is."""
    impersonal = {
        table: why for domain in PERSONAL_DATA for table, why in domain.impersonal.items()
    }
    told: dict[str, set[str]] = {}
    for section in SECTIONS.values():
        table = TABLES[str(section.model.__tablename__)]
        assert not set(section.columns) & set(section.left_out), section.name
        assert {*section.columns, *section.left_out} == set(table.columns.keys()), section.name
        told.setdefault(table.name, set()).update(section.columns)
    assert set(told) | set(impersonal) == set(TABLES)
    assert not set(told) & set(impersonal)
    reasons = [
        *impersonal.values(),
        *(why for s in SECTIONS.values() for why in s.left_out.values()),
    ]
    assert all(len(why) > 10 for why in reasons)
    assert len(SECTIONS) == sum(len(domain.sections) for domain in PERSONAL_DATA)


def test_every_reference_to_a_person_is_shown_to_them() -> None:
    shown = {(s.model.__tablename__, column) for s in SECTIONS.values() for column in s.columns}
    references = {
        (table.name, column.name)
        for table in TABLES.values()
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name in {"user_account", "organisation"}
    }
    assert len(references) > 15
    assert references <= shown


def test_what_is_kept_names_columns_that_exist() -> None:
    for domain in PERSONAL_DATA:
        for kept, why in domain.kept.items():
            table, _, column = kept.partition(".")
            assert column in TABLES[table].columns
            assert len(why) > 7


async def natural(world: World, name: str = f"{WORD} name") -> Person:
    """A person who acts as themselves, and has a password that is quick to check."""
    found = await person(
        world.client, world.sessions, kind=OrganisationKind.PERSON, name=name, region="KR-11"
    )
    async with world.sessions.begin() as session:
        await session.execute(
            text("UPDATE user_account SET password_hash = :hash, email = :email WHERE id = :id"),
            {
                "hash": HASH,
                "email": f"{WORD}.{found.user_id}@example.com".lower(),
                "id": found.user_id,
            },
        )
    return found


@pytest.fixture
async def market(world: World) -> Market:
    """A market whose seller is a natural person."""
    client, sessions = world.client, world.sessions
    return Market(
        world,
        await natural(world),
        await person(client, sessions, name="Buyer", region="KR-26"),
        await operator(client, sessions),
        await person(client, sessions, name="Stranger"),
    )


async def paid_out(market: Market) -> None:
    """Pay the seller everything that is theirs."""
    await ok(await market.seller.put("/v1/payee-account", ACCOUNT | {"holder_name": WORD}))
    batch = await ok(await market.operator.post("/v1/payout-batches", {"currency": "KRW"}))
    await ok(await market.operator.post(f"/v1/payout-batches/{batch['id']}/send"))
    await arrived(market)


async def arrived(market: Market) -> None:
    """The bank's statement tells that what was sent has left."""
    async with market.world.engine.connect() as connection:
        sent = text("SELECT amount_minor, end_to_end_id FROM payout WHERE state = 'sent'")
        rows = (await connection.execute(sent)).all()
    assert rows
    for row in rows:
        await market.bank(debit(row.amount_minor, row.end_to_end_id))


async def full_life(market: Market) -> dict[str, str]:
    """Everything that a person can do here, with the word in it where there is room for one."""
    seller, rival = market.seller, market.stranger
    sold = await market.deal("settled", idea=True)
    await paid_out(market)
    idea = idea_body(title=f"{WORD} idea", abstract=f"{WORD} abstract")
    listing = await list_right(seller, idea, confidential=f"{WORD} secret", teaser=f"{WORD} teaser")
    asked = await offer(rival, listing)
    patent = await list_right(seller, right_body(title=f"{WORD} patent"))
    elsewhere = await list_right(rival, right_body())
    bid = await ok(
        await seller.post(
            f"/v1/listings/{elsewhere}/offers",
            {"price": {"amount_minor": 5, "currency": "KRW"}, "message": f"{WORD} message"},
            headers={"idempotency-key": f"{WORD}"},
        )
    )
    mine = await ok(await seller.get("/v1/listings/mine"))
    right_id = next(one["right_id"] for one in mine["items"] if one["id"] == listing)
    await ok(await seller.get(f"/v1/rights/{right_id}/confidential-text"))
    key = await ok(await seller.post("/v1/api-keys", {"name": f"{WORD} key", "scopes": ["read"]}))
    await market.world.work()
    return {
        "deals": sold,
        "negotiations": bid["id"],
        "asked": asked,
        "listings": listing,
        "patent": patent,
        "rights": right_id,
        "api_keys": key["id"],
        "key": key["key"],
    }


async def erase(who: Person, password: str = PASSWORD) -> httpx2.Response:
    return await who.post("/v1/users/me/erase", {"password": password})


def refusal(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


NOT_OF_A_SELLER = {
    "account_events",
    "affiliation_proposals",
    "affiliations",
    "agreements_on_confidentiality",
    "applications_allowed",
    "applications_registered",
    "auction_bidder_events",
    "auction_bidders",
    "auction_bids",
    "auction_events",
    "auction_reveals",
    "auctions",
    "awarded_deals",
    "awards",
    "broker_consents",
    "broker_payments",
    "browsers",
    "business_numbers",
    "chargebacks",
    "co_developments",
    "collateral_auctions",
    "company_logins",
    "company_logins_to_your_own_organisation",
    "company_logins_waiting_for_a_code",
    "compensation_funds",
    "confidential_files",
    "confidential_holds",
    "connected_accounts",
    "consent_events",
    "consents",
    "consents_given",
    "conversion_events",
    "conversions",
    "covenant_breaches",
    "deal_brokers",
    "deal_items",
    "deal_parts",
    "deal_payees",
    "declared_as_known",
    "demand_events",
    "demand_offers",
    "demand_rights",
    "demands",
    "designation_periods",
    "designation_steps",
    "designations",
    "encumbrance_certificates",
    "encumbrance_events",
    "encumbrance_versions",
    "encumbrances",
    "enforcements",
    "evaluations",
    "filed_ideas",
    "financing_collateral",
    "financing_pledgors",
    "financing_request_events",
    "financing_requests",
    "financing_valuations",
    "fund_top_ups",
    "future_shares",
    "imported_statements",
    "institution_interests",
    "institution_profile",
    "institution_standings",
    "invitations",
    "judging",
    "lender_products",
    "licence_events",
    "licence_offers",
    "licence_rights",
    "licences",
    "listing_items",
    "listing_subtitles",
    "listing_videos",
    "loan_events",
    "loan_instalments",
    "loan_offers",
    "loan_participants",
    "loan_pledges",
    "loan_recoveries",
    "loan_repayments",
    "loan_schedules",
    "loans",
    "loss_shares",
    "mailed_links",
    "mandate_events",
    "mandates",
    "online_payments",
    "password_resets",
    "payment_request_events",
    "payment_requests",
    "payout_batches",
    "payout_choices",
    "pool_collections",
    "pool_members",
    "pool_rights",
    "pool_shares",
    "pools",
    "quality_reviews",
    "recorded_remittances",
    "recovery_codes",
    "refresh_tokens",
    "royalty_audits",
    "royalty_charges",
    "royalty_filings",
    "royalty_lines",
    "royalty_payments",
    "royalty_report_events",
    "royalty_reports",
    "sealed_document_grants",
    "sealed_document_views",
    "sealed_documents",
    "second_factor",
    "solicitations",
    "store_applications",
    "store_entries",
    "store_sales",
    "submissions",
    "suspensions",
    "tax_profiles",
    "transfer_reversals",
    "unwanted_ideas",
    "validity_opinions",
    "validity_surveys",
    "valuation_case_events",
    "valuation_cases",
    "valuation_draws",
    "valuation_order_events",
    "valuation_orders",
    "valuation_parties",
    "valuation_payers",
    "valuation_reports",
    "withholdings",
}
"""Sections that are empty for somebody who only sells."""


async def test_an_export_is_whole_and_holds_no_secret(market: Market) -> None:
    ids = await full_life(market)
    answer = await market.seller.get("/v1/users/me/export")
    assert answer.status_code == 200
    name = f'attachment; filename="marketplace-{market.seller.user_id}.json"'
    assert answer.headers["content-disposition"] == name
    told = answer.json()
    assert set(told["sections"]) == set(SECTIONS)
    empty = {name for name, rows in told["sections"].items() if not rows}
    assert empty == NOT_OF_A_SELLER
    assert told["cut_short"] == []
    for section in ("deals", "negotiations", "listings", "rights", "api_keys"):
        assert ids[section] in {row["id"] for row in told["sections"][section]}, section
    (profile,) = told["sections"]["profile"]
    assert profile["display_name"] == f"{WORD} name"
    assert WORD in told["sections"]["agreements"][0]["content"]
    assert told["left_out"]["profile"].keys() == {"password_hash"}
    assert not leaks(answer.content, spellings(f"{WORD} secret") | spellings(ids["key"]))
    assert not leaks(answer.content, spellings(HASH) | spellings(ACCOUNT["account_number"]))
    for row in told["sections"]["deeds"]:
        assert row["actor"] == f"user:{market.seller.user_id}"
        assert "data" not in row


async def test_an_export_tells_nothing_of_others(market: Market) -> None:
    """Not a colleague's, not a newcomer's; and of an operator, what they did."""
    await full_life(market)
    world, account = market.world, {"profile", "memberships", "sessions"}
    colleague = await person(
        world.client, world.sessions, organisation_id=market.buyer.organisation_id
    )
    newcomer = await natural(world, "Newcomer")
    for reader, expected in (
        (colleague, account),
        (newcomer, account | {"organisations"}),
        (market.operator, account | {"deeds", "imported_statements", "payout_batches"}),
    ):
        told = (await ok(await reader.get("/v1/users/me/export")))["sections"]
        assert {name for name, rows in told.items() if rows} == expected
        assert all(len(told[name]) == 1 for name in account)
        assert WORD not in json.dumps(told)


async def _assert_off_the_market(market: Market, ids: dict[str, str]) -> None:
    client = market.world.client
    for listing_id in (ids["listings"], ids["patent"]):
        assert refusal(await client.get(f"/v1/listings/{listing_id}")) == (404, "not_found")
    for query in ({}, {"q": WORD}):
        found = (await ok(await client.get("/v1/listings", params=query)))["items"]
        assert not {ids["listings"], ids["patent"]} & {item["id"] for item in found}
    states = {}
    for name in ("negotiations", "asked"):
        path = f"/v1/negotiations/{ids[name]}"
        states[name] = (await ok(await market.stranger.get(path)))["state"]
    assert states == {"negotiations": "withdrawn", "asked": "declined"}
    async with market.world.engine.connect() as connection:
        bodies = await connection.execute(
            text(
                "SELECT count(*) FROM confidential_body"
                " WHERE right_id = :id AND shredded_at IS NULL"
            ),
            {"id": ids["rights"]},
        )
        assert bodies.scalar_one() == 0


async def test_erasure_leaves_a_pseudonym_and_true_books(market: Market) -> None:
    world, seller = market.world, market.seller
    ids = await full_life(market)
    async with world.sessions.begin() as session:
        sealed = await seal_new_events(session)
    assert sealed
    assert await world.proofs() == []
    token, key = seller.headers, {"authorization": f"Bearer {ids['key']}"}
    email = f"{WORD}.{seller.user_id}@example.com".lower()

    answer = await erase(seller)

    assert answer.status_code == 200, answer.text
    kept = {row["what"] for row in answer.json()["kept"]}
    await world.work()
    async with world.engine.connect() as connection:
        left = {c async for c, value in values(connection) if leaks(_bytes(value), NEEDLES)}
        log = await connection.execute(text("SELECT data::text FROM event"))
        assert not any(WORD in data for data in log.scalars())
    assert left <= kept
    assert left == {
        "document.content",
        "invoice.buyer_name",
        "offer.message",
        "ip_right.title",
    }

    for headers in (token, key):
        assert refusal(await world.client.get("/v1/deals", headers=headers)) == (
            401,
            "invalid_token",
        )
    signing_in = await world.client.post(
        "/v1/sessions", json={"email": email, "password": PASSWORD}
    )
    assert refusal(signing_in) == (401, "wrong_credentials")
    again = BODIES["sign_up"] | {"email": email}
    assert (await world.client.post("/v1/users", json=again)).status_code == 201

    assert await world.proofs() == []
    async with world.sessions() as session:
        verdict = await verify(session, expected_head=sealed.hash)
    assert verdict.problems == ()
    deal = await ok(await market.buyer.get(f"/v1/deals/{ids['deals']}"))
    assert deal["seller_organisation_id"] == str(seller.organisation_id)
    await _assert_off_the_market(market, ids)
    party = await ok(await market.buyer.get(f"/v1/organisations/{seller.organisation_id}"))
    assert (party["name"], party["region"], party["country"]) == ("Erased", None, "KR")


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


async def _refused(market: Market, who: Person, *codes: str) -> list[dict[str, str]]:
    """Erasing is refused for exactly these reasons, and changes nothing."""
    async with market.world.engine.connect() as connection:
        before = await contents(connection)
        await connection.rollback()
        answer = await erase(who)
        assert refusal(answer) == (409, "obligations_open"), answer.text
        found: list[dict[str, str]] = answer.json()["obligations"]
        assert sorted(one["code"] for one in found) == sorted(codes)
        assert await contents(connection) == before
    return found


async def test_nobody_leaves_a_deal_or_money_behind(market: Market) -> None:
    for state in ("agreed", "signed", "funded", "disputed", "settled"):
        market.seller = await natural(market.world)
        deal_id = await market.deal(state)
        code = "balance_open" if state == "settled" else "deal_running"
        (found,) = await _refused(market, market.seller, code)
        own = f"organisation:{market.seller.organisation_id}"
        assert found["subject"] == (own if state == "settled" else f"deal:{deal_id}")
        assert found["detail"]


async def test_money_on_its_way_out_and_money_owed_both_bind(market: Market) -> None:
    deal_id = await market.deal("settled")
    await ok(await market.seller.put("/v1/payee-account", ACCOUNT))
    batch = await ok(await market.operator.post("/v1/payout-batches", {"currency": "KRW"}))
    await _refused(market, market.seller, "payout_open")
    await ok(await market.operator.post(f"/v1/payout-batches/{batch['id']}/send"))
    await _refused(market, market.seller, "payout_open")
    await arrived(market)
    await ok(await market.operator.post(f"/v1/deals/{deal_id}/reverse"))
    (owed,) = await _refused(market, market.seller, "balance_open")
    assert "owed by you" in owed["detail"]


async def test_an_organisation_keeps_an_owner_and_its_obligations(market: Market) -> None:
    world = market.world
    buyer = market.buyer
    async with world.sessions.begin() as session:
        await session.execute(
            text("UPDATE user_account SET password_hash = :hash WHERE id = :id"),
            {"hash": HASH, "id": buyer.user_id},
        )
    deal_id = await market.deal("agreed")
    (lone,) = await _refused(market, buyer, "deal_running")
    assert lone["subject"] == f"deal:{deal_id}"
    own = buyer.organisation_id
    await person(world.client, world.sessions, organisation_id=own, role=MemberRole.ADMIN)
    (last,) = await _refused(market, buyer, "last_owner")
    assert last["subject"] == f"organisation:{own}"
    heir = await person(world.client, world.sessions, organisation_id=own)
    assert (await erase(buyer)).status_code == 200
    assert (await ok(await heir.get(f"/v1/deals/{deal_id}")))["state"] == "agreed"
    party = await ok(await heir.get(f"/v1/organisations/{own}"))
    assert party["name"] == "Buyer", "a company is no personal datum"


async def test_no_program_acts_for_an_organisation_without_people(market: Market) -> None:
    """The last owner's number stays; their clients and invitations end, and an operator goes on."""
    world, owner = market.world, await natural(market.world)
    company = await person(world.client, world.sessions, name="Ghost Ltd")
    own = company.organisation_id
    async with world.sessions.begin() as session:
        values = {"hash": HASH, "id": company.user_id}
        query = "UPDATE user_account SET password_hash = :hash WHERE id = :id"
        await session.execute(text(query), values)
    machine = {
        "name": "desk",
        "authentication": "client_secret_basic",
        "grant_types": ["client_credentials"],
        "scopes": ["read"],
    }
    client = await ok(await company.post("/v1/clients", machine))
    proof, asked = (client["id"], client["client_secret"]), {"grant_type": "client_credentials"}
    got = await ok(await world.client.post("/oauth/token", data=asked, auth=proof))
    bearer = {"authorization": f"Bearer {got['access_token']}"}
    email = (await ok(await owner.get("/v1/sessions/current")))["user"]["email"]
    path, invited = f"/v1/organisations/{own}", {"email": email, "role": "admin"}
    await ok(await company.post(f"{path}/invitations", invited))

    assert (await erase(company)).status_code == 200

    assert refusal(await world.client.get("/v1/rights", headers=bearer)) == (401, "invalid_token")
    again = await world.client.post("/oauth/token", data=asked, auth=proof)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
    first = await market.operator.post(f"{path}/first-owner", {"email": email})
    assert first.status_code == 201, first.text


async def test_a_token_alone_does_not_erase(market: Market) -> None:
    async with market.world.engine.connect() as connection:
        before = await contents(connection)
        await connection.rollback()
        wrong = await erase(market.seller, "something else")
        assert refusal(wrong) == (401, "wrong_credentials")
        assert await contents(connection) == before


async def test_an_acceptance_and_an_erasure_never_both_happen(market: Market) -> None:
    for _ in range(6):
        leaver = await natural(market.world)
        listing = await list_right(leaver, right_body())
        talks = await offer(market.buyer, listing)
        elsewhere = await list_right(market.stranger, right_body())
        bid = await offer(leaver, elsewhere)
        counter = {"price": {"amount_minor": 7, "currency": "KRW"}}
        await ok(await leaver.post(f"/v1/negotiations/{talks}/counter", counter))
        erased, *accepted = await asyncio.gather(
            erase(leaver),
            market.buyer.post(f"/v1/negotiations/{talks}/accept", {"offer_number": 2}),
            market.stranger.post(f"/v1/negotiations/{bid}/accept", {"offer_number": 1}),
        )
        deals = [answer for answer in accepted if answer.status_code == 201]
        if erased.status_code == 200:
            assert deals == []
            assert {refusal(a) for a in accepted} <= {
                (409, "illegal_move"),
                (409, "listing_not_open"),
            }
        else:
            assert refusal(erased) == (409, "obligations_open")
            assert deals
    assert await market.world.proofs() == []


async def test_whoever_signed_leaves_a_signature_that_holds(market: Market) -> None:
    """The text that both signed is kept to the letter, with who signed by number."""
    deal_id = await market.deal("agreed")
    await sign((market.seller, market.buyer), deal_id)
    await ok(await market.operator.post(f"/v1/deals/{deal_id}/cancel"))
    before = await ok(await market.buyer.get(f"/v1/deals/{deal_id}/agreement"))
    assert (await erase(market.seller)).status_code == 200
    assert await ok(await market.buyer.get(f"/v1/deals/{deal_id}/agreement")) == before
    assert WORD in before["content"]
