"""The second and third journey: a loan against patents repaid, and one that fails and is shared."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any, Final

from marketplace.demo.client import Client
from marketplace.demo.waiting import wait_for

Say = Callable[[str], None]
LOAN_MINOR: Final = 300_000_000
VALUE_MINOR: Final = 500_000_000
TERMS: Final[dict[str, Any]] = {
    "amount_minor": LOAN_MINOR,
    "ltv_max_basis_points": 6_000,
    "secured_minor": 360_000_000,
    "rate_basis_points": 540,
    "schedule": "annuity",
    "term_months": 12,
    "late_margin_basis_points": 300,
    "prepayment_fee_basis_points": 120,
    "cure_days": 0,
}
REPORT: Final[dict[str, Any]] = {
    "calculations": [
        {
            "method": "replacement_cost",
            "purpose": "loan",
            "currency": "KRW",
            "cost_minor": VALUE_MINOR,
        }
    ],
    "rejected": [{"method": "comparables", "reason": "no sale of the field is public"}],
    "point_minor": VALUE_MINOR,
    "low_minor": VALUE_MINOR,
    "high_minor": VALUE_MINOR,
    "reconciliation": "The cost approach alone.",
    "basis_of_value": "market value",
    "standard": "IVS 210",
    "assumptions": ["The annuities are paid."],
    "information_sources": ["register extract"],
    "appraisers": [{"name": "김평가", "qualification": "patent attorney, 12 years"}],
    "subcontractors": [],
    "independent": True,
}
PROFILE: Final[dict[str, Any]] = {
    "fields": list(range(1, 36)),
    "purposes": ["loan", "guarantee"],
    "regions": [],
    "capacity": 20,
}
SHARES: Final = (("fund", 5_400), ("lender", 2_600), ("insurer", 1_600), ("appraiser", 400))
_NUMBERS: Final = count(9_000_001)


@dataclass
class Parties:
    """Everybody with a client of their own; `bank` tells that a payment arrived."""

    operator: Client
    borrower: Client
    lender: Client
    rival: Client
    valuer: Client
    fund: Client
    insurer: Client
    buyer: Client
    bank: Callable[..., None]
    say: Say


def sign_up(
    url: str, operator: Client, password: str, bank: Callable[..., None], say: Say
) -> Parties:
    """A borrower, two lenders, a designated valuer, a fund, an insurer and a buyer of patents."""
    kinds = {
        "borrower": "company",
        "lender": "lender",
        "rival": "lender",
        "valuer": "valuation_institution",
        "fund": "public_body",
        "insurer": "insurer",
        "buyer": "company",
    }
    clients = {name: _sign_up(url, name, kind, password) for name, kind in kinds.items()}
    _designate(operator, clients["valuer"])
    clients["valuer"].put("/v1/valuation/institution-profile", PROFILE)
    say("a borrower, two lenders, a designated valuer, a fund and an insurer signed in")
    return Parties(operator=operator, bank=bank, say=say, **clients)


def _sign_up(url: str, name: str, kind: str, password: str) -> Client:
    client = Client(url)
    email = f"{name}@finance.example.com"
    client.sign_up(email, password, name.title(), "KR", "KR-11")
    about = {"name": f"{name.title()} Inc.", "kind": kind, "country": "KR", "region": "KR-11"}
    made = client.post("/v1/organisations", about)
    client.sign_in(email, password, made["id"])
    return client


def _designate(operator: Client, valuer: Client) -> None:
    applied = valuer.post("/v1/designations", {"sector": "private", "evidence": "application"})
    for step in ("inspect", "review", "designate"):
        taken = {"on": _in_days(operator, 0), "evidence": f"{step}, notice 2026-1"}
        operator.post(f"/v1/designations/{applied['id']}/{step}", taken)


def _patent(parties: Parties) -> str:
    """A granted patent of the borrower's, as the register tells."""
    number = {"number": f"KR 10-{next(_NUMBERS)}"}
    about = {"kind": "patent", "title": "고체 전해질", "language": "ko", "identifier": number}
    right_id: str = parties.borrower.post("/v1/rights", about)["id"]
    for kind, day in (("filed", "2020-01-15"), ("granted", "2022-01-15")):
        event = {"kind": kind, "occurred_on": day, "source": "register extract"}
        parties.operator.post(f"/v1/rights/{right_id}/legal-events", event)
    return right_id


def _offered(parties: Parties, rights: list[str], **terms: Any) -> dict[str, Any]:
    """A valued request with two offers; the cheaper one is accepted. The loan."""
    body = {
        "amount": {"amount_minor": LOAN_MINOR, "currency": "KRW"},
        "term_months": 12,
        "purpose": "working capital for a new line",
        "right_ids": rights,
    }
    request = parties.borrower.post("/v1/financing-requests", body)
    parties.say(f"a request for {LOAN_MINOR:,} KRW against {len(rights)} patents: prescreened")
    path = f"/v1/financing-requests/{request['id']}"
    _value(parties, path)
    parties.lender.post(f"{path}/loan-offers", TERMS | terms)
    parties.rival.post(f"{path}/loan-offers", TERMS | terms | {"fee_minor": 3_000_000})
    offers = parties.borrower.get(f"{path}/loan-offers")
    costs = " and ".join(f"{one['effective_cost_basis_points'] / 100} %" for one in offers)
    parties.say(f"two lenders offered, neither seeing the other: {costs} a year")
    found: dict[str, Any] = parties.borrower.post(f"/v1/loan-offers/{offers[0]['id']}/accept")
    return found


def _value(parties: Parties, path: str) -> None:
    """Order a valuation and pay for it; whoever is drawn reports, and lenders lend against it."""
    asked = {
        "fee_minor": 5_000_000,
        "deadline": _in_days(parties.operator, 60),
        "lender_organisation_ids": [one.organisation_id for one in (parties.lender, parties.rival)],
    }
    order = parties.borrower.post(f"{path}/order-valuation", asked)
    parties.bank(order["payers"][0]["payment"])
    offered = "/v1/valuation/assignments"
    wait_for(lambda: bool(parties.valuer.get(offered, state="offered")["items"]), "the draw")
    case = parties.valuer.get(offered, state="offered")["items"][0]
    parties.valuer.post(f"{offered}/{case['id']}/accept")
    parties.valuer.post(f"{offered}/{case['id']}/report", REPORT)
    wait_for(lambda: _state(parties, path) == "valued", "the value")
    value = parties.borrower.get(f"{path}/valuation")
    accepted = parties.borrower.post(f"/v1/valuation/orders/{value['order_id']}/accept")
    parties.say(
        f"an institution that is free of both lenders was drawn; it signed a report over"
        f" {value['value']['amount_minor']:,} KRW, and its fee of"
        f" {accepted['released']['amount_minor']:,} was released"
    )


def _in_days(client: Client, number: int) -> str:
    """A day counted from the one that it is for the service, in its reporting time zone."""
    today = date.fromisoformat(client.get("/v1/valuation-institutions/counts")["as_of"])
    return str(today + timedelta(days=number))


def _paid_out(parties: Parties, loan: dict[str, Any]) -> str:
    """Signed, pledged, registered and paid out; the loan's path."""
    path = f"/v1/loans/{loan['id']}"
    for signer in (parties.borrower, parties.lender):
        contract = signer.get(f"{path}/contract")
        signer.post(f"{path}/sign", {"sha256": contract["sha256"]})
    filed = parties.borrower.post(f"{path}/file-pledges")
    today = _in_days(parties.operator, 0)
    for pledge in filed["pledges"]:
        entry = {"registration_number": f"P-{next(_NUMBERS)}", "received_on": today}
        parties.operator.post(f"/v1/encumbrances/{pledge['encumbrance_id']}/register", entry)
    wait_for(lambda: _state(parties, path) == "pledge_registered", "the registration")
    parties.say("the contract is signed, the pledges are filed and registered")
    parties.bank(parties.lender.get(path)["payment"])
    wait_for(lambda: _state(parties, path) == "performing", "the disbursement")
    parties.say(f"the lender paid in, and {LOAN_MINOR:,} KRW were paid out")
    return path


def _state(parties: Parties, path: str) -> str:
    state: str = parties.borrower.get(path)["state"]
    return state


def _repay(parties: Parties, path: str, **body: Any) -> dict[str, Any]:
    asked = parties.borrower.post(f"{path}/repayments", body)
    parties.bank(asked["payment"])

    def used() -> dict[str, Any]:
        listed = parties.borrower.get(f"{path}/repayments")
        return next(one for one in listed if one["id"] == asked["id"])

    wait_for(lambda: used()["applied_at"] is not None, "the repayment")
    return used()


def repaid(parties: Parties) -> None:
    """From the request over valuation, offers and pledge to the last repayment and the release.

    Raises:
        ApiRefusalError, DemoError: a step failed.
    """
    path = _paid_out(parties, _offered(parties, [_patent(parties)]))
    part = _repay(parties, path, kind="prepayment", amount_minor=100_000_000)
    parties.say(
        f"prepaid {part['principal_minor']:,} KRW for a fee of {part['fee_minor']:,};"
        " the schedule was made anew"
    )
    rest = _repay(parties, path, kind="settlement")
    parties.say(f"settled the other {rest['principal_minor']:,} KRW: {_state(parties, path)}")
    loan = parties.lender.post(f"{path}/file-release")
    for pledge in loan["pledges"]:
        parties.operator.post(f"/v1/encumbrances/{pledge['encumbrance_id']}/delete", {})
    wait_for(lambda: _state(parties, path) == "released", "the release")
    parties.say("the register deleted the pledge: the patent is free")


def failed(parties: Parties) -> None:
    """A loan is called, what secures it is sold, and the loss is shared and partly recovered.

    Raises:
        ApiRefusalError, DemoError: a step failed.
    """
    fund = _programme(parties)
    lost, kept = _patent(parties), _patent(parties)
    loan = _offered(parties, [lost, kept], scheme="Zhongshan", schedule="bullet")
    path = f"/v1/loans/{loan['id']}"
    for who, party in (
        (parties.fund, {"role": "fund", "fund_id": fund}),
        (parties.insurer, _party("insurer", parties.insurer)),
        (parties.valuer, _party("appraiser", parties.valuer)),
    ):
        parties.lender.post(f"{path}/participants", party)
        who.post(f"{path}/participants/join", {"role": party["role"]})
    _paid_out(parties, loan)
    gone = {"kind": "invalidated", "occurred_on": "2026-01-05", "source": "final decision"}
    parties.operator.post(f"/v1/rights/{lost}/legal-events", gone)
    wait_for(lambda: _is_ripe(parties, path), "the breach")
    parties.lender.post(f"{path}/default")
    parties.say("one patent was invalidated, nothing took its place: the lender called the loan")
    _realise(parties, path, kept)
    shared = parties.lender.post(f"{path}/share-loss")
    for one in parties.lender.get(f"{path}/loss-shares"):
        if one["payment"]:
            parties.bank(one["payment"])
    wait_for(lambda: _all_paid(parties, path), "the compensation")
    parts = parties.lender.get(f"{path}/loss-shares")
    told = ", ".join(f"{one['role']} {one['amount_minor']:,}" for one in parts)
    parties.say(f"the loss of {shared['loss']['amount_minor']:,} KRW was shared: {told}")
    ask = {"payer_organisation_id": parties.borrower.organisation_id, "amount_minor": 50_000_000}
    parties.bank(parties.lender.post(f"{path}/recoveries", ask)["payment"])
    wait_for(lambda: bool(parties.lender.get(f"{path}/recoveries")[0]["applied_at"]), "it")
    parts = parties.lender.get(f"{path}/loss-shares")
    told = ", ".join(f"{one['role']} {one['recovered_minor']:,}" for one in parts)
    parties.say(f"50,000,000 KRW came later, and went back: {told}")


def _programme(parties: Parties) -> str:
    """A scheme of sharing losses, and a fund with money; the fund's id."""
    scheme = {"name": "Zhongshan", "valid_from": "2026-01-01", "source": "programme"}
    shares = [{"role": role, "basis_points": points} for role, points in SHARES]
    parties.operator.post("/v1/risk-sharing-schemes", scheme | {"shares": shares})
    about = {"organisation_id": parties.fund.organisation_id, "name": "City fund"}
    fund_id: str = parties.operator.post("/v1/compensation-funds", about | {"currency": "KRW"})[
        "id"
    ]
    amount = {"amount": {"amount_minor": 500_000_000, "currency": "KRW"}}
    asked = parties.fund.post(f"/v1/compensation-funds/{fund_id}/top-ups", amount)
    parties.bank(asked["payment"])
    wait_for(lambda: _fund_balance(parties) > 0, "the fund's money")
    parties.say("losses are shared 54:26:16:4 by a programme, whose fund was filled")
    return fund_id


def _fund_balance(parties: Parties) -> int:
    balance: int = parties.fund.get("/v1/compensation-funds")["items"][0]["balance"]["amount_minor"]
    return balance


def _party(role: str, who: Client) -> dict[str, str]:
    return {"role": role, "organisation_id": who.organisation_id}


def _is_ripe(parties: Parties, path: str) -> bool:
    return any(one["state"] == "ripe" for one in parties.lender.get(f"{path}/breaches"))


def _all_paid(parties: Parties, path: str) -> bool:
    parts = parties.lender.get(f"{path}/loss-shares")
    return all(one["paid_minor"] == one["amount_minor"] for one in parts)


def _realise(parties: Parties, path: str, right_id: str) -> None:
    sale = {
        "path": "private_sale",
        "right_id": right_id,
        "payer_organisation_id": parties.buyer.organisation_id,
        "amount_minor": 120_000_000,
        "costs_minor": 6_000_000,
    }
    begun = parties.lender.post(f"{path}/enforcements", sale)
    parties.bank(begun["payment"])

    def done() -> dict[str, Any]:
        found: dict[str, Any] = parties.lender.get(f"{path}/enforcements")[0]
        return found

    wait_for(lambda: done()["state"] == "realised", "the proceeds")
    one = done()
    parties.say(
        f"the other was sold for 120,000,000 KRW: costs {one['costs_paid_minor']:,},"
        f" interest {one['interest_minor']:,}, principal {one['principal_minor']:,}"
    )
