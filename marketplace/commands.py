"""Commands on a database that is there: what an operator of the service asks, says and proves."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import orjson
import typer
from pydantic import ValidationError

from marketplace.accounts.designations.importing import import_designations
from marketplace.accounts.people.service import create_operator
from marketplace.accounts.sessions.schemas import SignIn
from marketplace.accounts.signing_keys import service as signing_keys
from marketplace.accounts.signing_keys.models import KeyPurpose
from marketplace.app import create_app
from marketplace.assets.encumbrances.certificates.verifying import verify_certificate
from marketplace.assets.encumbrances.documentation import conflicts_page
from marketplace.assets.register.codes import import_codes
from marketplace.assets.register.importing import import_facts, read_facts
from marketplace.assets.register.schemas import RegisterImported
from marketplace.documentation import lifecycles_page, permissions_page
from marketplace.kernel.clock import SystemClock
from marketplace.kernel.db import Sessions, create_engine, create_sessions
from marketplace.kernel.mail.service import send_again, unsent
from marketplace.kernel.master_keys import open_keyring
from marketplace.kernel.seals import seal_new_events, verify
from marketplace.migrating import upgrade
from marketplace.payments.access import platform_account
from marketplace.payments.currencies.ecb import parse_rates
from marketplace.payments.currencies.service import store_rates
from marketplace.payments.inbox.service import replay
from marketplace.payments.ledger.verify import count_transactions, run_checks
from marketplace.payments.providers.bank.errors import InvalidBankAccountError
from marketplace.settings import ConfigurationError, Settings, configured, first_problem
from marketplace.supervisor import running_database, with_database
from marketplace.wiring import LIFECYCLES, PROOFS, RECONCILERS

operators = typer.Typer(no_args_is_help=True, help="People who operate the platform.")
designations = typer.Typer(no_args_is_help=True, help="Designated valuation institutions.")
register = typer.Typer(no_args_is_help=True, help="Facts of the offices' registers.")
ledger = typer.Typer(no_args_is_help=True, help="The double-entry ledger.")
mail = typer.Typer(no_args_is_help=True, help="Messages that were not sent yet.")
events = typer.Typer(no_args_is_help=True, help="The event log and its seals.")
payments = typer.Typer(no_args_is_help=True, help="Payments through providers.")
currencies = typer.Typer(no_args_is_help=True, help="Exchange rates.")
keys = typer.Typer(no_args_is_help=True, help="The keys that sign tokens and certificates.")
certificates = typer.Typer(no_args_is_help=True, help="Certificates of encumbrances.")
documentation = typer.Typer(no_args_is_help=True, help="Generated documentation.")
GROUPS: Final = {
    "operators": operators,
    "designations": designations,
    "register": register,
    "ledger": ledger,
    "payments": payments,
    "currencies": currencies,
    "events": events,
    "mail": mail,
    "keys": keys,
    "certificate": certificates,
    "docs": documentation,
}
"""The commands by what they are about, as `marketplace ledger verify`."""

HistoryFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False)]
DataDir = Annotated[Path | None, typer.Option(help="Where data is kept; ./.data unless set.")]
T = TypeVar("T")


def settings_of(data_dir: Path | None = None, **changed: Any) -> Settings:
    """The configuration, with what the command line says in place of the environment."""
    given = {"data_dir": data_dir, **changed}
    settings = configured({name: value for name, value in given.items() if value is not None})
    try:
        platform_account(settings)
    except InvalidBankAccountError as error:
        raise ConfigurationError(f"MARKETPLACE_BANK_*: {error}") from error
    return settings


def say(line: str) -> None:
    typer.secho(line, err=True)


async def using(settings: Settings, use: Callable[[Sessions], Awaitable[T]]) -> T:
    """Run one thing with sessions of a database, and let go of it."""
    engine = create_engine(settings.sqlalchemy_url(), pool_size=2)
    try:
        return await use(create_sessions(engine, SystemClock()))
    finally:
        await engine.dispose()


def with_sessions(settings: Settings, use: Callable[[Sessions], Awaitable[T]]) -> T:
    """Run one thing against a database that is there: of DATABASE_URL, or the embedded one."""
    with running_database(with_database(settings, say), say) as found:
        upgrade(found)
        return asyncio.run(using(found, use))


@operators.command("create")
def operators_create(
    email: str,
    name: str = "Operator",
    password: Annotated[
        str | None,
        typer.Option(
            envvar="MARKETPLACE_OPERATOR_PASSWORD",
            help="Left out, it is asked for, or read from standard input.",
            show_envvar=True,
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Create an operator account. Other users of the machine may see what --password says."""
    who = checked(email, asked_password() if password is None else password)

    async def create(sessions: Sessions) -> None:
        async with sessions.begin() as session:
            await create_operator(session, who.email, who.password.get_secret_value(), name)

    with_sessions(settings_of(data_dir), create)
    typer.echo(f"operator {who.email} created")


def asked_password() -> str:
    """Ask whoever sits at the terminal, without showing it; else it is the first line sent."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def checked(email: str, password: str) -> SignIn:
    try:
        return SignIn.model_validate({"email": email, "password": password})
    except ValidationError as error:
        raise ConfigurationError(first_problem(error)) from error


@designations.command("import-history")
def designations_import_history(file: HistoryFile, data_dir: DataDir = None) -> None:
    """Load published designations from a JSON file; loading it again changes nothing."""
    content = file.read_bytes()

    async def load(sessions: Sessions) -> str:
        async with sessions.begin() as session:
            done = await import_designations(session, content)
            return f"{done.new} new, {done.ended} ended since, {done.known} known"

    typer.echo(with_sessions(settings_of(data_dir), load))


@register.command("import-facts")
def register_import_facts(file: HistoryFile, data_dir: DataDir = None) -> None:
    """Load legal events of rights from a JSON file; loading it again changes nothing."""
    facts = read_facts(file.read_bytes())

    async def load(sessions: Sessions) -> RegisterImported:
        async with sessions.begin() as session:
            return await import_facts(session, facts)

    done = with_sessions(settings_of(data_dir), load)
    for what, names in (
        ("nobody registered", done.unknown_rights),
        ("kept as `other`: no meaning is loaded for code", done.unknown_codes),
        ("told otherwise before:", done.changed),
    ):
        for name in names:
            say(f"{what} {name}")
    typer.echo(f"{done.new} new, {done.retracted} retracted, {done.known} known")


@register.command("import-codes")
def register_import_codes(file: HistoryFile, data_dir: DataDir = None) -> None:
    """Load what an office's codes mean from a CSV: scheme,office,code,kind,meaning."""
    content = file.read_bytes()

    async def load(sessions: Sessions) -> int:
        async with sessions.begin() as session:
            return await import_codes(session, content)

    typer.echo(f"{with_sessions(settings_of(data_dir), load)} codes loaded")


@ledger.command("verify")
def ledger_verify(data_dir: DataDir = None) -> None:
    """Prove that the ledger is whole, and that deals and statistics equal it."""

    async def prove(sessions: Sessions) -> bool:
        async with sessions() as session:
            count = await count_transactions(session)
            checks = await run_checks(session, PROOFS)
        for check in checks:
            typer.echo(f"{'ok ' if not check.problems else 'BAD'}  {check.name}")
            for problem in check.problems:
                typer.echo(f"     {problem}")
        typer.echo(f"{count} transactions")
        return all(not check.problems for check in checks)

    raise typer.Exit(0 if with_sessions(settings_of(data_dir), prove) else 1)


@payments.command("reconcile")
def payments_reconcile(
    provider: Annotated[str, typer.Option(help=f"One of: {', '.join(RECONCILERS)}.")],
    day: Annotated[
        datetime,
        typer.Option(
            "--date", formats=["%Y-%m-%d"], help="A day: the bank's own, of Stripe in UTC."
        ),
    ],
    data_dir: DataDir = None,
) -> None:
    """Compare what a provider moved in a day with the ledger; exit 1 when anything differs."""
    reconcile = RECONCILERS.get(provider)
    if reconcile is None:
        raise ConfigurationError(f"no such provider; write one of {', '.join(RECONCILERS)}")
    settings = settings_of(data_dir)
    found = with_sessions(settings, lambda sessions: reconcile(settings, sessions, day.date()))
    for difference in found.differences:
        typer.echo(f"BAD  {difference}")
    typer.echo(f"{found.compared} movements compared, {len(found.differences)} differences")
    raise typer.Exit(1 if found.differences else 0)


@payments.command("replay-webhook")
def payments_replay_webhook(
    event_id: Annotated[str, typer.Argument(help="The provider's id of the event, as evt_…")],
    data_dir: DataDir = None,
) -> None:
    """Have a stored event handled again; nothing is booked twice by it."""

    async def again(sessions: Sessions) -> None:
        async with sessions.begin() as session:
            await replay(session, event_id)

    with_sessions(settings_of(data_dir), again)
    typer.echo(f"{event_id} will be handled again")


@currencies.command("import-rates")
def currencies_import_rates(
    file: HistoryFile,
    data_dir: DataDir = None,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Take rates that jump by more than a fifth in a day.")
    ] = False,
) -> None:
    """Load the ECB's reference rates (eurofxref, XML or CSV); again changes nothing.

    Where the file differs from the rates in force, the file counts from now on.
    """
    settings = settings_of(data_dir)
    rates = parse_rates(file.read_bytes(), SystemClock().now().date())

    async def load(sessions: Sessions) -> int:
        async with sessions.begin() as session:
            return await store_rates(session, rates, force=force)

    stored = with_sessions(settings, load)
    days = {rate.day for rate in rates}
    typer.echo(f"{min(days)} to {max(days)}: {len(rates)} rates, {stored} new")


@events.command("seal")
def events_seal(data_dir: DataDir = None) -> None:
    """Seal the events since the last seal now, and print the head to keep elsewhere."""

    async def make(sessions: Sessions) -> str:
        async with sessions.begin() as session:
            made = await seal_new_events(session)
            return f"seal {made.number}: {made.hash}" if made else "nothing new to seal"

    typer.echo(with_sessions(settings_of(data_dir), make))


@events.command("verify")
def events_verify(
    head: Annotated[str | None, typer.Option(help="A seal's hash that was kept elsewhere.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Recompute every seal from the events; exit 1 when anything was changed."""

    async def check(sessions: Sessions) -> bool:
        async with sessions() as session:
            verdict = await verify(session, expected_head=head)
        for problem in verdict.problems:
            typer.echo(f"BAD  {problem}")
        typer.echo(
            f"{verdict.seals} seals over {verdict.sealed_events} events,"
            f" {verdict.unsealed_events} not sealed yet, head {verdict.head}"
        )
        return not verdict.problems

    raise typer.Exit(0 if with_sessions(settings_of(data_dir), check) else 1)


@mail.command("list")
def mail_list(limit: int = 100, data_dir: DataDir = None) -> None:
    """Show what waits, without any content; first what was set aside and waits for you."""

    async def read(sessions: Sessions) -> list[str]:
        async with sessions() as session:
            return [
                f"{one.id}  {one.due_at or 'set aside'}  attempts {one.attempts}  {one.error or ''}"
                for one in await unsent(session, limit)
            ]

    typer.echo("\n".join(with_sessions(settings_of(data_dir), read)) or "nothing waits")


@mail.command("retry")
def mail_retry(mail_id: UUID, data_dir: DataDir = None) -> None:
    """Send a message again that was set aside, once the cause is mended."""

    async def retry(sessions: Sessions) -> None:
        async with sessions.begin() as session:
            await send_again(session, mail_id)

    with_sessions(settings_of(data_dir), retry)
    typer.echo(f"{mail_id} is sent again")


@keys.command("rotate")
def keys_rotate(
    *,
    compromised: Annotated[
        bool, typer.Option(help="End former keys at once, and with them all that they signed.")
    ] = False,
    certificates: Annotated[
        bool, typer.Option(help="The keys of certificates, of which former ones verify for ever.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Sign tokens with a new key; former ones verify until what they signed has expired."""
    purpose = KeyPurpose.CERTIFICATES if certificates else KeyPurpose.TOKENS
    settings = settings_of(data_dir)

    async def rotate(sessions: Sessions) -> UUID:
        async with sessions.begin() as session:
            keyring = await open_keyring(session, settings.keys_path, settings.key_service())
            return await signing_keys.rotate(session, keyring, purpose, compromised=compromised)

    typer.echo(f"key {with_sessions(settings, rotate)} signs now")


@certificates.command("verify")
def certificate_verify(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JWS, JSON or PDF.")],
    published: Annotated[
        Path, typer.Option("--keys", exists=True, help="What GET /v1/certificate-keys answered.")
    ],
) -> None:
    """Verify a certificate of encumbrances, offline; print what it says."""
    content = verify_certificate(file.read_bytes(), published.read_bytes())
    typer.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())


@documentation.command("conflicts")
def docs_conflicts() -> None:
    """Print docs/conflicts.md, made from the table of conflicts."""
    typer.echo(conflicts_page(), nl=False)


@documentation.command("lifecycles")
def docs_lifecycles() -> None:
    """Print docs/lifecycles.md, made from the lifecycle tables."""
    typer.echo(lifecycles_page(LIFECYCLES), nl=False)


@documentation.command("permissions")
def docs_permissions() -> None:
    """Print docs/permissions.md, made from roles, permissions and routes."""
    typer.echo(permissions_page(create_app(settings_of(), connect=False)), nl=False)
