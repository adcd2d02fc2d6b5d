"""`marketplace demo`: sales and loans against patents over real HTTP, on a fresh database."""

import contextlib
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import httpx2

from marketplace.demo import example, financing
from marketplace.demo.client import Client
from marketplace.demo.waiting import WAIT_SECONDS, DemoError, wait_for
from marketplace.kernel.postgres_locks import free_port

ROOT: Final = Path(__file__).resolve().parents[2]
PROOFS: Final = (("ledger", "verify"), ("events", "verify"))
HISTORY: Final = {
    "source": "Published performance of an earlier service (sample)",
    "unit": "10,000 KRW",
    "currency": "KRW",
    "as_of": "2023-12-31",
    "periods": [
        {
            "label": "2022",
            "from": "2022-01-01",
            "to": "2023-01-01",
            "transactions": 3,
            "amount": 90,
        },
        {
            "label": "2023",
            "from": "2023-01-01",
            "to": "2024-01-01",
            "transactions": 5,
            "amount": 210,
        },
    ],
    "cumulative": {"transactions": 8, "amount": 300},
}


class Journey(StrEnum):
    """What the demonstration plays."""

    SALE = "sale"
    LOAN = "loan"
    DEFAULT = "default"
    ALL = "all"


def run(patents: Path | None, journey: Journey = Journey.ALL) -> int:
    """Play one journey or all; 0 when every step and every proof held.

    Raises:
        DemoError, ApiRefusalError, MalformedRecordsError: a step failed.
    """
    if patents:
        example.check_records(patents)
    with tempfile.TemporaryDirectory(prefix="marketplace-demo-") as folder:
        # The account that runs PostgreSQL has to pass through.
        Path(folder).chmod(0o711)
        environment = _environment(Path(folder))
        with _service(environment) as url:
            return _Stage(url, environment).play(journey, patents and patents.absolute())


def _environment(folder: Path) -> dict[str, str]:
    """A configuration of its own: nothing here may reach the database of a real service."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "DATABASE_URL" and not name.startswith("MARKETPLACE_")
    }
    own = {
        "MARKETPLACE_DATA_DIR": str(folder / "data"),
        "MARKETPLACE_LOG_LEVEL": "WARNING",
        "MARKETPLACE_RATE_LIMITS": "false",  # a file of records is listed as fast as it goes
    }
    return {**kept, **own, "PYTHONPATH": str(ROOT), "PWD": str(folder)}


def _start(environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    """Start `marketplace …` in the demonstration's folder, away from the caller's `.env` file."""
    return subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "marketplace", *arguments],
        env=environment,
        cwd=environment["PWD"],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@contextlib.contextmanager
def _service(environment: dict[str, str]) -> Iterator[str]:
    """A service of its own on a free port; stopped as Ctrl-C would stop it."""
    port = free_port()
    command = [sys.executable, "-m", "marketplace", "serve", "--port", str(port)]
    server = subprocess.Popen(  # noqa: S603 - our own module
        command, env=environment, cwd=environment["PWD"], start_new_session=True
    )
    try:
        url = f"http://127.0.0.1:{port}"
        with httpx2.Client(base_url=url, timeout=2, trust_env=False) as probe:
            wait_for(lambda: _is_ready(probe, server), "the service")
        yield url
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(WAIT_SECONDS)


def _is_ready(probe: httpx2.Client, server: subprocess.Popen[bytes]) -> bool:
    if server.poll() is not None:
        raise DemoError("the service ended before it was ready; it says why above")
    with contextlib.suppress(httpx2.HTTPError):
        return probe.get("/readyz").is_success
    return False


class _Stage:
    """A seller, a company and an operator, each with a client of their own."""

    def __init__(self, url: str, environment: dict[str, str]) -> None:
        self.url = url
        self.environment = environment
        self.seller, self.buyer, self.operator = Client(url), Client(url), Client(url)
        self.password = secrets.token_urlsafe(12)
        self.steps = 0

    def play(self, journey: Journey, patents: Path | None) -> int:
        self._people()
        if journey in {Journey.SALE, Journey.ALL}:
            self._sell(patents)
        if journey is not Journey.SALE:
            self._lend(journey)
        if journey in {Journey.SALE, Journey.ALL}:
            self._statistics()
        print("sealing the events, and proving ledger, statistics and seals …\n", flush=True)
        self._command("events", "seal")
        return self._prove()

    def _lend(self, journey: Journey) -> None:
        parties = financing.sign_up(self.url, self.operator, self.password, self._bank, self._tell)
        if journey is not Journey.DEFAULT:
            financing.repaid(parties)
        if journey is not Journey.LOAN:
            financing.failed(parties)

    def _sell(self, patents: Path | None) -> None:
        listings = self._listings(patents)
        patent = self._deal(listings["patent"], 100_000_000, 90_000_000)
        self._settle_patent(patent)
        idea = self._deal(listings["idea"], 1_200_000, 1_000_000)
        self._settle_idea(idea)
        self._pay_out()

    def _bank(self, payment: dict[str, Any]) -> None:
        """The bank's statement tells that a payment arrived."""
        amount, reference = payment["amount"]["amount_minor"], payment["reference"]
        self._import_statement(f"in-{reference},2026-01-07,credit,{amount},KRW,{reference},")

    def _tell(self, line: str) -> None:
        self.steps += 1
        print(f"{self.steps:>3}. {line}", flush=True)

    def _command(self, *arguments: str) -> None:
        """Run a command that has to succeed."""
        process = _start(self.environment, *arguments)
        _, complaint = process.communicate()
        if process.returncode:
            raise DemoError(f"`marketplace {arguments[0]} {arguments[1]}`: {complaint.strip()}")

    def _people(self) -> None:
        password = self.password
        self._command("operators", "create", "operator@example.com", "--password", password)
        self.operator.sign_in("operator@example.com", password)
        self.seller.sign_up("seller@example.com", password, "김하늘", "KR", "KR-11")
        self.buyer.sign_up("buyer@example.com", password, "이바다", "KR", "KR-26")
        company = {"name": "Hanbit Manufacturing", "kind": "company", "country": "KR"}
        organisation = self.buyer.post("/v1/organisations", company | {"region": "KR-26"})
        self.buyer.sign_in("buyer@example.com", password, organisation["id"])
        for client, number in ((self.seller, "110-222-333444"), (self.buyer, "220-333-444555")):
            account = {"holder_name": "Account holder", "account_number": number}
            client.put("/v1/payee-account", account | {"bank_code": "SHBKKRSE", "country": "KR"})
        self._tell("an inventor, a company and an operator signed in")

    def _listings(self, patents: Path | None) -> dict[str, str]:
        found = example.sample()
        idea = example.list_idea(self.seller, found["ideas"][0])
        patent = example.list_patent(self.seller, found["patents"][0])
        for other in found["patents"][1:]:
            example.list_patent(self.seller, other)
        assert idea is not None
        assert patent is not None
        self._tell("the inventor listed an idea and four patents")
        if patents:
            tally = example.list_records(self.seller, patents, lambda line: print(line, flush=True))
            self._tell(f"of the records of {patents.name}: {tally}")
        for words in ("권리 이중 양도", "우산"):
            wait_for(lambda words=words: bool(self._search(words)), f"a hit for {words!r}")  # type: ignore[misc]
        self._tell(f"the company searched 우산 and found: {self._search('우산')[0]['title']}")
        return {"idea": idea, "patent": patent}

    def _search(self, words: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.buyer.get("/v1/listings", q=words)["items"]
        return items

    def _deal(self, listing_id: str, asked: int, offered: int) -> str:
        """Offer, counter-offer, acceptance, signatures and payment."""
        price = {"amount_minor": offered, "currency": "KRW"}
        talks = self.buyer.post(f"/v1/listings/{listing_id}/offers", {"price": price})
        middle = (asked + offered) // 2
        path = f"/v1/negotiations/{talks['id']}"
        self.seller.post(f"{path}/counter", {"price": price | {"amount_minor": middle}})
        deal = self.buyer.post(f"{path}/accept", {"offer_number": 2})
        self._tell(
            f"offer {offered:,}, counter-offer {middle:,}, accepted: a deal at {middle:,} KRW"
        )
        deal_path: str = f"/v1/deals/{deal['id']}"
        for client in (self.seller, self.buyer):
            agreement = client.get(f"{deal_path}/agreement")
            client.post(f"{deal_path}/sign", {"sha256": agreement["sha256"]})
        self._tell(f"both signed the agreement {agreement['sha256'][:16]}…")
        self._pay(deal_path)
        return deal_path

    def _pay(self, deal_path: str) -> None:
        payment = self.buyer.get(deal_path)["payment"]
        amount = payment["amount"]["amount_minor"]
        line = f"in-{payment['reference']},2026-01-05,credit,{amount},KRW,{payment['reference']},"
        self._import_statement(line)
        wait_for(lambda: self.buyer.get(deal_path)["state"] == "funded", "the payment")
        held = self.buyer.get(deal_path)["held"]["amount_minor"]
        self._tell(f"the bank statement matched {payment['reference']}: {held:,} KRW are held")

    def _import_statement(self, *lines: str) -> None:
        header = "entry_id,booked_on,direction,amount,currency,remittance,end_to_end_id"
        content = "\n".join([header, *lines])
        self.operator.upload("/v1/bank-statements", content.encode(), "text/csv")

    def _settle_patent(self, path: str) -> None:
        self.seller.post(f"{path}/file-transfer")
        evidence = {"evidence": "Register extract, recorded under receipt 1-1-2026-0000001"}
        self.operator.post(f"{path}/record", evidence)
        deal = self.buyer.post(f"{path}/release")
        self._tell(f"transfer filed, recordal proved, price released: the deal is {deal['state']}")

    def _settle_idea(self, path: str) -> None:
        deal = self.seller.post(f"{path}/file-transfer")
        text = self.buyer.get(f"/v1/rights/{deal['right_id']}/confidential-text")["content"]
        views = self.seller.get(f"/v1/rights/{deal['right_id']}/disclosure-views")["items"]
        self._tell(
            f"the idea was disclosed: {len(text)} characters read, {len(views)} reading logged"
        )
        self.buyer.post(f"{path}/confirm-waiver")
        deal = self.buyer.post(f"{path}/release")
        self._tell(f"delivery confirmed, price released: the deal is {deal['state']}")

    def _pay_out(self) -> None:
        batch = self.operator.post("/v1/payout-batches", {"currency": "KRW"})
        path = f"/v1/payout-batches/{batch['id']}"
        self.operator.post(f"{path}/send")
        order = self.operator.download(f"{path}/file").decode()
        payout = batch["payouts"][0]
        self._tell(
            f"payout of {payout['amount_minor']:,} KRW to {payout['masked']} (pain.001 file)"
        )
        executed = re.search(r"<EndToEndId>(\w+)</EndToEndId>", order)
        assert executed
        self._import_statement(
            f"out-1,2026-01-06,debit,{payout['amount_minor']},KRW,payout,{executed[1]}"
        )
        confirmed = lambda: self.operator.get(path)["payouts"][0]["state"] == "confirmed"  # noqa: E731
        wait_for(confirmed, "the payout's confirmation")
        self._tell("the bank's statement confirmed the payout")

    def _statistics(self) -> None:
        """Load published history and print the cumulative table."""
        history = Path(self.environment["PWD"]) / "history.json"
        history.write_text(json.dumps(HISTORY))
        self._command("statistics", "import-history", str(history))
        self._tell("published history was loaded; here is the cumulative table of this moment")
        self._print_table(self.operator.get("/v1/statistics/deals", unit="10000KRW"))
        self._tell("everybody reads what was printed and released, which tells of no single deal")
        self._print_table(self.buyer.get("/v1/statistics/deals", unit="10000KRW"))

    def _prove(self) -> int:
        """Run the proofs side by side, since starting them costs most; 0 when all hold."""
        proofs = [_start(self.environment, *words) for words in PROOFS]
        for proof in proofs:
            said, complaint = proof.communicate()
            print(said + complaint * bool(proof.returncode), end="", flush=True)
        return max(proof.returncode for proof in proofs)

    def _print_table(self, table: dict[str, Any]) -> None:
        print(f"\n{'period':<12}{'deals':>8}{'amount':>12}{'cum. deals':>12}{'cum. amount':>13}")
        for row in table["rows"]:
            now, total = row["period"], row["cumulative"]
            print(
                f"{row['label']:<12}{now['deals']:>8}{now['amount']:>12,}"
                f"{total['deals']:>12}{total['amount']:>13,}"
            )
        print(f"amounts in {table['unit_label']} ({table['unit']})\n", flush=True)
