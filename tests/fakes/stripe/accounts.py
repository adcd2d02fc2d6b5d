"""Connected accounts and the links to their onboarding."""

from tests.fakes.stripe.books import Body, Books, Refusal

WANTED = ["external_account", "individual.dob.day", "individual.dob.month", "tos_acceptance.date"]
UNSERVED = {"KR", "CN"}


class Accounts:
    def __init__(self, books: Books) -> None:
        self.books = books
        self.setup = "https://connect.stripe.test/setup"

    def create(self, values: Body) -> Body:
        if values.get("country") in UNSERVED:
            text = f"{values['country']} is not currently supported by Stripe."
            raise Refusal(400, "country_unsupported", text)
        account = self.books.add(
            "acct",
            "account",
            country=values.get("country", "US"),
            type="none",
            default_currency="usd",
            charges_enabled=False,
            payouts_enabled=False,
            details_submitted=False,
            capabilities={"transfers": "inactive"},
            metadata=values.get("metadata", {}),
            requirements=_requirements(WANTED, "requirements.past_due"),
        )
        self.books.tell("account.updated", account, account["id"])
        return account

    def account(self, id_: str) -> Body:
        account = self.books.get(id_, "account")
        if account["metadata"].get("disconnected"):
            text = f"The provided key does not have access to account '{id_}'"
            raise Refusal(403, "account_invalid", text)
        return account

    def link(self, values: Body) -> Body:
        account = self.account(values["account"])
        made = self.books.now()
        path = f"{account['id']}?{self.books.new_id('link')}"
        return {
            "object": "account_link",
            "created": made,
            "expires_at": made + 300,
            "url": f"{self.setup}/{path}",
        }

    def onboard(self, id_: str) -> None:
        """The payee has given everything on Stripe's page."""
        account = self.books.get(id_, "account")
        account["requirements"] = _requirements([], None)
        account["capabilities"] = {"transfers": "active"}
        account |= {"details_submitted": True, "payouts_enabled": True}
        self.books.tell("account.updated", account, id_)
        self.books.tell("capability.updated", _capability(account), id_)

    def restrict(self, id_: str, reason: str = "requirements.past_due") -> None:
        account = self.books.get(id_, "account")
        account["requirements"] = _requirements(["individual.verification.document"], reason)
        account["capabilities"] = {"transfers": "inactive"}
        account["payouts_enabled"] = False
        self.books.tell("account.updated", account, id_)

    def disconnect(self, id_: str) -> None:
        account = self.books.get(id_, "account")
        account["metadata"] = {"disconnected": "yes"}
        application = {"id": "ca_1", "object": "application", "name": "marketplace"}
        self.books.tell("account.application.deauthorized", application, id_)


def _requirements(wanted: list[str], disabled: str | None) -> Body:
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": wanted,
        "disabled_reason": disabled,
        "errors": [],
        "eventually_due": wanted,
        "past_due": wanted,
        "pending_verification": [],
    }


def _capability(account: Body) -> Body:
    return {
        "id": "transfers",
        "object": "capability",
        "account": account["id"],
        "requested": True,
        "requested_at": account["created"],
        "status": account["capabilities"]["transfers"],
    }
