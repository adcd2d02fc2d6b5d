"""Who may enter which route, generated from the routes, so that none can be forgotten."""

from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.authentication import secret_hash
from marketplace.accounts.models import LoginSession, OrganisationKind
from marketplace.accounts.permissions import MemberRole, Permission
from marketplace.accounts.sessions.service import new_token
from marketplace.kernel.db import now
from tests.factories.people import person
from tests.factories.tables import contents
from tests.security.conftest import Scene

PUBLIC = {
    "DELETE": set(),
    "GET": {
        "/healthz",
        "/metrics",
        "/readyz",
        "/v1/auctions",
        "/v1/auctions/{auction_id}",
        "/v1/auctions/{auction_id}/bids",
        "/v1/exchange-rates",
        "/v1/certificate-keys",
        "/v1/fee-policies",
        "/v1/idea-store",
        "/v1/idea-store/rules",
        "/v1/idea-store/{store_entry_id}",
        "/v1/legal-rules",
        "/v1/listings",
        "/v1/listings/{listing_id}",
        "/v1/listings/{listing_id}/video",
        "/v1/listings/{listing_id}/video/subtitles/{language}",
        "/v1/open-data",
        "/v1/open-data/{number}/datapackage.json",
        "/v1/open-data/{number}/deals.{wanted}",
        "/v1/seals",
        "/v1/sellers-of-record",
        "/v1/solicitations",
        "/v1/solicitations/{solicitation_id}",
        "/v1/solicitations/{solicitation_id}/awards",
        "/v1/solicitations/{solicitation_id}/submissions",
        "/v1/statistics/deals",
        "/v1/statistics/idea-store",
        "/v1/statistics/solicitations",
        "/v1/statistics/proof",
        "/v1/statistics/releases",
        "/v1/statistics/revisions",
        "/v1/statistics/series",
        "/v1/statistics/tables/{dimension}",
        "/v1/tax-rates",
        "/v1/tax-rates/{rate_id}/assessment",
        "/v1/valuation-institutions",
        "/v1/valuation-institutions/counts",
    },
    "HEAD": {"/v1/listings/{listing_id}/video"},
    "POST": {
        "/v1/email-verifications/confirm",
        "/v1/invitations/decline",
        "/v1/password-resets",
        "/v1/password-resets/confirm",
        "/v1/sessions",
        "/v1/users",
        "/v1/webhooks/stripe",
    },
}
"""What anyone may call. A route is added here by decision, never by omission."""

ANY_TOKEN = {
    "GET /v1/organisations",
    "GET /v1/organisations/{organisation_id}",
    "GET /v1/sessions/current",
}
"""What any credential may call: whom it acts for, and public profiles."""

OPERATOR_ONLY = {
    "POST /v1/auctions/{auction_id}/record",
    "POST /v1/enforcements/{enforcement_id}/record",
    "POST /v1/late-interest-rates",
    "POST /v1/licences/{licence_id}/dismiss-notice",
    "POST /v1/licences/{licence_id}/terminate",
    "POST /v1/royalty-audits/{audit_id}/decide",
    "POST /v1/royalty-audits/{audit_id}/dismiss",
    "POST /v1/royalty-check-policies",
    "GET /v1/statistics/crossed",
    "GET /v1/bank-entries",
    "GET /v1/bank-statements/{statement_id}",
    "GET /v1/chargebacks",
    "GET /v1/event-failures",
    "GET /v1/identity-providers",
    "GET /v1/identity-providers/{provider_id}",
    "GET /v1/identity-providers/{provider_id}/check",
    "GET /v1/organisations/{organisation_id}/suspensions",
    "PATCH /v1/identity-providers/{provider_id}",
    "GET /v1/payout-batches/{batch_id}",
    "GET /v1/payout-batches/{batch_id}/file",
    "POST /v1/affiliations",
    "GET /v1/online-payments",
    "GET /v1/provider-errands",
    "GET /v1/provider-events",
    "GET /v1/stuck-payables",
    "GET /v1/tax-remittances",
    "GET /v1/tax-statement",
    "POST /v1/bank-entries/{entry_id}/exchange",
    "POST /v1/bank-entries/{entry_id}/remit-tax",
    "POST /v1/conversions/{conversion_id}/convert",
    "POST /v1/conversions/{conversion_id}/decline",
    "POST /v1/sellers-of-record",
    "POST /v1/valuation/models",
    "POST /v1/valuation/models/{model_id}/allow",
    "POST /v1/valuation/models/{model_id}/withdraw",
    "POST /v1/bank-entries/{entry_id}/apply",
    "POST /v1/bank-entries/{entry_id}/charge",
    "POST /v1/bank-entries/{entry_id}/expense",
    "POST /v1/bank-entries/{entry_id}/refund",
    "POST /v1/bank-statements",
    "POST /v1/chargebacks/{chargeback_id}/accept",
    "POST /v1/chargebacks/{chargeback_id}/evidence",
    "POST /v1/deals/{deal_id}/record",
    "POST /v1/deals/{deal_id}/refund-released",
    "POST /v1/deals/{deal_id}/reject-recordal",
    "POST /v1/deals/{deal_id}/resolve-refund",
    "POST /v1/deals/{deal_id}/resolve-release",
    "POST /v1/deals/{deal_id}/resolve-split",
    "POST /v1/deals/{deal_id}/refund-again",
    "POST /v1/deals/{deal_id}/reverse",
    "POST /v1/designations/{designation_id}/designate",
    "POST /v1/designations/{designation_id}/inspect",
    "POST /v1/designations/{designation_id}/reinstate",
    "POST /v1/designations/{designation_id}/reject",
    "POST /v1/designations/{designation_id}/review",
    "POST /v1/designations/{designation_id}/suspend",
    "POST /v1/encumbrances/{encumbrance_id}/change",
    "POST /v1/encumbrances/{encumbrance_id}/delete",
    "POST /v1/encumbrances/{encumbrance_id}/register",
    "POST /v1/encumbrances/{encumbrance_id}/reject",
    "POST /v1/event-failures/{consumer}/{sequence}/retry",
    "POST /v1/fee-policies",
    "POST /v1/identity-providers",
    "POST /v1/identity-providers/{provider_id}/disable",
    "POST /v1/identity-providers/{provider_id}/enable",
    "POST /v1/identity-providers/{provider_id}/unlink",
    "POST /v1/listings/{listing_id}/reopen",
    "POST /v1/listings/{listing_id}/resume",
    "POST /v1/listings/{listing_id}/suspend",
    "POST /v1/organisations/{organisation_id}/first-owner",
    "POST /v1/organisations/{organisation_id}/lift-suspension",
    "POST /v1/organisations/{organisation_id}/release-number",
    "POST /v1/organisations/{organisation_id}/suspend",
    "POST /v1/payout-batches",
    "POST /v1/payout-batches/{batch_id}/send",
    "POST /v1/payouts/{payout_id}/cancel",
    "POST /v1/payouts/{payout_id}/finish",
    "POST /v1/payouts/{payout_id}/return",
    "POST /v1/legal-rules",
    "POST /v1/register-imports",
    "POST /v1/rights/{right_id}/conveyances",
    "POST /v1/rights/{right_id}/conveyances/{conveyance_id}/retract",
    "POST /v1/rights/{right_id}/legal-events",
    "POST /v1/rights/{right_id}/legal-events/{event_id}/retract",
    "POST /v1/rights/{right_id}/register-checks",
    "POST /v1/rights/{right_id}/register-entries",
    "POST /v1/solicitations/{solicitation_id}/review",
    "POST /v1/tax-rates",
    "POST /v1/stripe-payouts",
    "GET /v1/valuation/orders/{order_id}/decisions",
    "GET /v1/valuation/sample-surveys",
    "POST /v1/valuation/assignment-policies",
    "POST /v1/valuation/assignments/{assignment_id}/reassign",
    "POST /v1/valuation/decisions/{decision_id}/replay",
    "POST /v1/valuation/orders/{order_id}/dismiss",
    "POST /v1/valuation/orders/{order_id}/fail",
    "POST /v1/valuation/orders/{order_id}/sustain",
    "POST /v1/valuation/sample-surveys",
    "POST /v1/valuation/sample-surveys/{survey_id}/conclude",
    "POST /v1/valuation/validity-surveys/{survey_id}/dismiss",
    "POST /v1/valuation/validity-surveys/{survey_id}/enforce",
    "POST /v1/valuation/validity-surveys/{survey_id}/find",
    "POST /v1/valuation/validity-surveys/{survey_id}/overturn",
    "POST /v1/valuation/validity-surveys/{survey_id}/uphold",
    "POST /v1/compensation-funds",
    "POST /v1/reference-rates",
    "POST /v1/risk-sharing-schemes",
}
NOT_FOR_AN_ADMIN = {"POST /v1/organisations/{organisation_id}/transfer-ownership"}
NOT_FOR_A_MEMBER = {
    "POST /v1/licences/{licence_id}/give-notice",
    "POST /v1/licences/{licence_id}/surrender",
    "POST /v1/listings/{listing_id}/take",
    "POST /v1/pools/{pool_id}/agree",
    "POST /v1/pools/{pool_id}/leave",
    "POST /v1/royalty-audits/{audit_id}/agree",
    "DELETE /v1/organisations/{organisation_id}/members/{user_id}",
    "GET /v1/organisations/{organisation_id}/invitations",
    "PATCH /v1/organisations/{organisation_id}",
    "PATCH /v1/organisations/{organisation_id}/members/{user_id}",
    "POST /v1/affiliation-proposals",
    "POST /v1/affiliation-proposals/{proposal_id}/confirm",
    "POST /v1/affiliation-proposals/{proposal_id}/decline",
    "POST /v1/affiliation-proposals/{proposal_id}/withdraw",
    "POST /v1/affiliations/{affiliation_id}/end",
    "GET /v1/clients",
    "GET /v1/clients/{client_id}",
    "PATCH /v1/clients/{client_id}",
    "POST /v1/clients",
    "POST /v1/clients/{client_id}/revoke",
    "POST /v1/clients/{client_id}/rotate-secret",
    "DELETE /v1/connected-account",
    "POST /v1/connected-account",
    "POST /v1/connected-account/link",
    "POST /v1/conversions",
    "POST /v1/conversions/{conversion_id}/confirm",
    "POST /v1/conversions/{conversion_id}/withdraw",
    "POST /v1/consents/{consent_id}/give",
    "POST /v1/consents/{consent_id}/refuse",
    "POST /v1/consents/{consent_id}/revoke",
    "POST /v1/deals/{deal_id}/consent-to-dual-agency",
    "POST /v1/deals/{deal_id}/consent-to-split",
    "POST /v1/deals/{deal_id}/sign",
    "POST /v1/mandates",
    "POST /v1/mandates/{mandate_id}/accept",
    "POST /v1/mandates/{mandate_id}/decline",
    "POST /v1/mandates/{mandate_id}/resign",
    "POST /v1/mandates/{mandate_id}/revoke",
    "POST /v1/mandates/{mandate_id}/withdraw",
    "POST /v1/disclosures/{disclosure_id}/sign",
    "POST /v1/solicitations/{solicitation_id}/awards",
    "POST /v1/co-developments/{agreement_id}/cancel",
    "POST /v1/co-developments/{agreement_id}/sign",
    "POST /v1/idea-store/{store_entry_id}/select",
    "POST /v1/encumbrances/{encumbrance_id}/cancel",
    "POST /v1/encumbrances/{encumbrance_id}/consents",
    "POST /v1/encumbrances/{encumbrance_id}/consents/{consent_id}/revoke",
    "POST /v1/encumbrances/{encumbrance_id}/release",
    "POST /v1/encumbrances/{encumbrance_id}/withdraw",
    "POST /v1/rights/{right_id}/encumbrances",
    "POST /v1/designations",
    "POST /v1/designations/{designation_id}/abandon",
    "POST /v1/designations/{designation_id}/withdraw",
    "POST /v1/organisations/{organisation_id}/invitations",
    "POST /v1/organisations/{organisation_id}/invitations/{invitation_id}/revoke",
    "PUT /v1/payee-account",
    "PUT /v1/tax-profile",
    "PUT /v1/payout-method",
    "POST /v1/valuation/institution-interests",
    "POST /v1/valuation/institution-interests/{interest_id}/end",
    "PUT /v1/valuation/institution-profile",
    "POST /v1/breaches/{breach_id}/cure",
    "POST /v1/breaches/{breach_id}/waive",
    "POST /v1/enforcements/{enforcement_id}/abandon",
    "POST /v1/demands/{demand_id}/give-up",
    "POST /v1/demands/{demand_id}/offers",
    "POST /v1/demands/{demand_id}/sign",
    "POST /v1/demand-offers/{demand_offer_id}/accept",
    "POST /v1/financing-requests/{request_id}/loan-offers",
    "POST /v1/loan-offers/{offer_id}/accept",
    "POST /v1/loans/{loan_id}/auctions",
    "POST /v1/loans/{loan_id}/cancel",
    "POST /v1/loans/{loan_id}/default",
    "POST /v1/loans/{loan_id}/enforcements",
    "POST /v1/loans/{loan_id}/file-pledges",
    "POST /v1/loans/{loan_id}/file-release",
    "POST /v1/loans/{loan_id}/give-up",
    "POST /v1/loans/{loan_id}/participants",
    "POST /v1/loans/{loan_id}/participants/join",
    "POST /v1/loans/{loan_id}/recoveries",
    "POST /v1/loans/{loan_id}/share-loss",
    "POST /v1/loans/{loan_id}/sign",
    "POST /v1/loans/{loan_id}/waive",
    "POST /v1/loans/{loan_id}/write-off",
}
"""What binds an organisation, and who may act for it, is for its owners and admins."""
FOR_EVERY_ROLE = {
    "POST /v1/statistics/dispersion",
    "DELETE /v1/api-keys/{key_id}",
    "DELETE /v1/authorizations/{authorization_id}",
    "DELETE /v1/sessions",
    "DELETE /v1/sessions/current",
    "DELETE /v1/sessions/{session_id}",
    "POST /v1/api-keys",
    "POST /v1/email-verifications",
    "POST /v1/invitations/accept",
    "POST /v1/organisations",
    "POST /v1/organisations/{organisation_id}/leave",
    "POST /v1/users/me/erase",
    "POST /v1/users/me/second-factor/disable",
    "PUT /v1/users/me/email",
    "PUT /v1/users/me/password",
    "PUT /v1/users/me/second-factor",
    "PUT /v1/users/me/second-factor/enrolment",
    "PUT /v1/users/me/second-factor/recovery-codes",
}
"""What a person does for themselves."""

OUTSIDE_THE_API = {
    "/",
    "/auctions",
    "/auctions/{auction_id}",
    "/catalogue",
    "/catalogue/{listing_id}",
    "/pages/public.css",
    "/robots.txt",
    "/sitemap.xml",
    "/sitemaps/{first}",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/account",
    "/account/sign-out",
    "/account/token",
    "/docs",
    "/docs/{name}",
    "/login/begin",
    "/login/callback/{slug}",
    "/login/code",
    "/oauth/authorize",
    "/oauth/consent",
    "/oauth/introspect",
    "/oauth/jwks",
    "/oauth/revoke",
    "/oauth/sign-in",
    "/oauth/token",
    "/oauth/userinfo",
    "/openapi.json",
    "/pages/style.css",
    "/reset-password",
    "/verify-email",
}


def test_only_the_listed_routes_are_public(scene: Scene) -> None:
    public = {op.label for op in scene.operations if not op.needs_token}
    assert public == {f"{method} {path}" for method, paths in PUBLIC.items() for path in paths}


def test_only_the_listed_routes_ask_for_no_permission(scene: Scene) -> None:
    unasked = {op.label for op in scene.operations if op.needs_token and not op.permissions}
    assert unasked == ANY_TOKEN


def test_whoever_may_only_read_changes_nothing(scene: Scene) -> None:
    """What a person allows an application as `read`, or gives a key, is reading or reckoning."""
    changing = {op.label for op in scene.operations if op.method != "GET"}
    readers = {op.label for op in scene.operations if Permission.READ in op.permissions}
    assert changing & readers == {"POST /v1/statistics/dispersion"}


def test_each_role_is_kept_out_of_what_is_not_for_it(scene: Scene) -> None:
    closed = {
        role: {op.label for op in scene.operations if not op.lets(role)} for role in MemberRole
    }
    assert closed[MemberRole.OWNER] == OPERATOR_ONLY
    assert closed[MemberRole.ADMIN] == OPERATOR_ONLY | NOT_FOR_AN_ADMIN
    assert closed[MemberRole.MEMBER] == closed[MemberRole.ADMIN] | NOT_FOR_A_MEMBER
    writing = {op.label for op in scene.operations if op.permissions and op.method != "GET"}
    reading = {label for label in NOT_FOR_A_MEMBER if label.startswith("GET")}
    assert closed[MemberRole.VIEWER] == ((writing - FOR_EVERY_ROLE) | reading | OPERATOR_ONLY)


def test_nothing_else_is_mounted(scene: Scene) -> None:
    documented = {op.path for op in scene.operations}
    mounted = {getattr(route, "path", None) for route in scene.world.app.routes} - {None}
    assert mounted - documented == OUTSIDE_THE_API


async def _revoked(scene: Scene) -> str:
    """A token that was the seller's."""
    token, seller = new_token(), scene.market.seller
    async with scene.world.sessions.begin() as session:
        moment = now(session)
        session.add(
            LoginSession(
                created_at=moment,
                token_hash=secret_hash(token),
                user_id=seller.user_id,
                organisation_id=seller.organisation_id,
                expires_at=moment + timedelta(hours=1),
                revoked_at=moment,
            )
        )
    return token


async def _headers(kind: str, scene: Scene, connection: AsyncConnection) -> dict[str, str]:
    seller = scene.market.seller.token
    if kind == "revoked":
        return {"authorization": f"Bearer {await _revoked(scene)}"}
    if kind == "no membership any more":
        leaver = await person(scene.world.client, scene.world.sessions, role=MemberRole.MEMBER)
        await connection.execute(
            text("DELETE FROM membership WHERE user_id = :id"), {"id": leaver.user_id}
        )
        return leaver.headers
    return {
        "empty": {"authorization": ""},
        "scheme alone": {"authorization": "Bearer"},
        "blank": {"authorization": "Bearer  "},
        "unknown": {"authorization": f"Bearer {new_token()}"},
        "cut short": {"authorization": f"Bearer {seller[:-1]}"},
        "another scheme": {"authorization": f"Basic {seller}"},
        "its hash": {"authorization": f"Bearer {secret_hash(seller).hex()}"},
        "long": {"authorization": "Bearer " + "x" * 5_000},
        "not ASCII": {"authorization": "Bearer \xe9\xff"},
        "in the query": {},
    }[kind]


@pytest.mark.parametrize("kind", ["unknown", "revoked"])
async def test_without_a_valid_token_nothing_opens(
    scene: Scene, nothing_stays: AsyncConnection, kind: str
) -> None:
    headers = await _headers(kind, scene, nothing_stays) | {"idempotency-key": "0123456789"}
    before = await contents(nothing_stays)

    answers = {
        op.label: await scene.world.client.request(
            op.method, op.address(scene.ids), json=op.body, headers=headers
        )
        for op in scene.operations
        if op.needs_token
    }

    assert len(answers) > 60
    assert {op: _refusal(answer) for op, answer in answers.items()} == dict.fromkeys(
        answers, (401, "invalid_token", "Bearer")
    )
    assert await contents(nothing_stays) == before


@pytest.mark.parametrize(
    "kind",
    [
        "empty",
        "scheme alone",
        "blank",
        "cut short",
        "another scheme",
        "its hash",
        "long",
        "not ASCII",
        "in the query",
        "no membership any more",
    ],
)
async def test_no_other_credential_opens(
    scene: Scene, nothing_stays: AsyncConnection, kind: str
) -> None:
    headers = await _headers(kind, scene, nothing_stays)
    query = {"access_token": scene.market.seller.token} if kind == "in the query" else None

    answer = await scene.world.client.get(
        "/v1/sessions/current",
        headers={name: value.encode("latin-1") for name, value in headers.items()},
        params=query,
    )

    assert _refusal(answer) == (401, "invalid_token", "Bearer")


def _refusal(answer: httpx2.Response) -> tuple[int, str, str | None]:
    return answer.status_code, answer.json().get("code"), answer.headers.get("www-authenticate")


@pytest.mark.parametrize("role", MemberRole)
async def test_a_role_enters_exactly_where_it_has_the_permission(
    scene: Scene, nothing_stays: AsyncConnection, role: MemberRole
) -> None:
    kind = OrganisationKind.OPERATOR if role is MemberRole.OPERATOR else OrganisationKind.COMPANY
    member = await person(scene.world.client, scene.world.sessions, role=role, kind=kind)
    before = await contents(nothing_stays)
    allowed: set[str] = set()
    refused: set[str] = set()

    guarded = [op for op in scene.operations if op.permissions]
    # Those that should refuse come first, and those that end the session last.
    for op in sorted(guarded, key=lambda op: (op.lets(role), op.path.endswith("/current"))):
        if op.lets(role) and not allowed:
            assert await contents(nothing_stays) == before
        answer = await scene.world.client.request(
            op.method, op.address({}), headers=member.headers | {"idempotency-key": op.label}
        )
        missing = answer.status_code == 403 and answer.json()["code"] == "permission_missing"
        (refused if missing else allowed).add(op.label)
        assert missing or answer.status_code not in {401, 403}, (op.label, answer.text)

    assert allowed == {op.label for op in guarded if op.lets(role)}
    assert allowed | refused == {op.label for op in guarded}
    assert refused
