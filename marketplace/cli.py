"""The `marketplace` command."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import asyncpg
import typer
import uvicorn
from alembic.util import CommandError
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from marketplace.accounts.designations.importing import import_designations
from marketplace.accounts.people.service import create_operator
from marketplace.accounts.sessions.schemas import SignIn
from marketplace.app import create_app
from marketplace.demo import example, journey
from marketplace.demo.client import ApiRefusalError
from marketplace.documentation import lifecycles_page, permissions_page
from marketplace.kernel.clock import SystemClock
from marketplace.kernel.db import Sessions, create_engine, create_sessions
from marketplace.kernel.errors import MarketplaceError
from marketplace.kernel.logs import configure_logs
from marketplace.kernel.mail.service import send_again, unsent
from marketplace.kernel.parents import end_with_parent
from marketplace.kernel.postgres import EmbeddedPostgresError
from marketplace.kernel.problems import translate
from marketplace.kernel.seals import seal_new_events, verify
from marketplace.migrating import upgrade
from marketplace.payments.ledger.verify import count_transactions, run_checks
from marketplace.settings import ConfigurationError, Settings, configured, first_problem
from marketplace.statistics.folding import recompute
from marketplace.statistics.history import import_history
from marketplace.supervisor import (
    Supervisor,
    running_database,
    sole_service,
    usable_port,
    with_data_dir,
    with_database,
)
from marketplace.wiring import CONSTRAINT_ERRORS, LIFECYCLES, PROOFS
from marketplace.worker import confirm_keys, work

cli = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__
)
operators = typer.Typer(no_args_is_help=True, help="People who operate the platform.")
designations = typer.Typer(no_args_is_help=True, help="Designated valuation institutions.")
statistics = typer.Typer(no_args_is_help=True, help="Cumulative statistics.")
ledger = typer.Typer(no_args_is_help=True, help="The double-entry ledger.")
mail = typer.Typer(no_args_is_help=True, help="Messages that were not sent yet.")
events = typer.Typer(no_args_is_help=True, help="The event log and its seals.")
documentation = typer.Typer(no_args_is_help=True, help="Generated documentation.")
for name, group in (
    ("operators", operators),
    ("designations", designations),
    ("statistics", statistics),
    ("ledger", ledger),
    ("events", events),
    ("mail", mail),
    ("docs", documentation),
):
    cli.add_typer(group, name=name)

HistoryFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False)]
DataDir = Annotated[Path | None, typer.Option(help="Where data is kept; ./.data unless set.")]
T = TypeVar("T")
LISTEN_BACKLOG: Final = 2048
EXPECTED: Final = (
    MarketplaceError,
    EmbeddedPostgresError,
    ApiRefusalError,
    journey.DemoError,
    CommandError,
)
"""Failures whose own words tell what to do."""
CLOSED_DOORS: Final = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
)


def main() -> None:
    """Run a command; an expected failure is one line, not a stack of calls."""
    # Told to end, a command ends as by Ctrl-C, and takes with it what it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        cli()
    except EXPECTED as error:
        _fail(str(error))
    except DBAPIError as error:
        _fail(_database_refusal(error))
    except (ConnectionError, TimeoutError) as error:
        _fail(f"the database does not answer: {error}")
    except OSError as error:
        _fail(str(error))


def _database_refusal(error: DBAPIError) -> str:
    """Why the database does not let us in, or which rule was broken; a bug is raised again."""
    cause = getattr(error.orig, "__cause__", None)
    if isinstance(cause, CLOSED_DOORS):
        return f"the database refused: {cause}"
    if isinstance(cause, asyncpg.UndefinedTableError):
        return "the database has no tables of ours, or older ones: run `marketplace migrate`"
    return str(translate(error, CONSTRAINT_ERRORS))


def _fail(line: str) -> None:
    typer.secho(f"marketplace: {line}", err=True, fg=typer.colors.RED)
    raise SystemExit(1) from None


def _settings(data_dir: Path | None = None, **changed: Any) -> Settings:
    """The configuration, with what the command line says in place of the environment."""
    given = {"data_dir": data_dir, **changed}
    return configured({name: value for name, value in given.items() if value is not None})


def _say(line: str) -> None:
    typer.secho(line, err=True)


async def _using(settings: Settings, use: Callable[[Sessions], Awaitable[T]]) -> T:
    engine = create_engine(settings.sqlalchemy_url(), pool_size=2)
    try:
        return await use(create_sessions(engine, SystemClock()))
    finally:
        await engine.dispose()


def _with_sessions(settings: Settings, use: Callable[[Sessions], Awaitable[T]]) -> T:
    """Run one thing against a database that is there: of DATABASE_URL, or the embedded one."""
    with running_database(with_database(settings, _say), _say) as found:
        upgrade(found)
        return asyncio.run(_using(found, use))


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 chooses one.")] = None,
    data_dir: DataDir = None,
    *,
    example_data: Annotated[
        bool, typer.Option("--example", help="Load a small example when the database is empty.")
    ] = False,
) -> None:
    """Serve API and worker; with no DATABASE_URL, start PostgreSQL in the data directory."""
    wanted = with_data_dir(_settings(data_dir, host=host, port=port), _say)
    embedded = wanted.database_url is None
    when_ready = partial(example.load, say=_say) if example_data else None
    with sole_service(wanted, _say) as lock:
        free = wanted.model_copy(update={"port": usable_port(wanted.host, wanted.port)})
        with running_database(free, _say) as settings:
            _say("bringing the schema up to date …")
            upgrade(settings)
            _confirm_keys(settings)
            supervisor = Supervisor(settings, embedded=embedded, lock=lock, say=_say)
            code = supervisor.run(when_ready)
    _say("stopped")
    raise typer.Exit(code)


def _confirm_keys(settings: Settings) -> None:
    asyncio.run(_using(settings, lambda sessions: confirm_keys(sessions, settings)))


def _child_settings() -> Settings:
    settings = _settings()
    if settings.database_url is None:
        raise ConfigurationError("DATABASE_URL is not set: set it, or use `marketplace serve`")
    configure_logs(settings.log_level)
    end_with_parent()
    return settings


@cli.command()
def api() -> None:
    """Serve the API alone; the database is that of DATABASE_URL."""
    settings = _child_settings()
    _confirm_keys(settings)  # here, where it fails in one line: the server would print its calls
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the service itself knows whom to believe: `trusted_proxies`
        backlog=LISTEN_BACKLOG,
        timeout_graceful_shutdown=10,
    )


@cli.command()
def worker() -> None:
    """Run the background work alone; the database is that of DATABASE_URL."""
    asyncio.run(work(_child_settings()))


@cli.command()
def migrate(revision: str = "head", data_dir: DataDir = None) -> None:
    """Bring the database schema up to date."""
    with running_database(with_data_dir(_settings(data_dir), _say), _say) as settings:
        upgrade(settings, revision)


@cli.command()
def demo(
    patents: Annotated[
        Path | None,
        typer.Option(
            help="JSON lines of patent records to list as well.", exists=True, dir_okay=False
        ),
    ] = None,
) -> None:
    """Play a whole deal over HTTP on a fresh database; ends with statistics and proofs."""
    raise typer.Exit(journey.run(patents))


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
    who = _checked(email, _asked_password() if password is None else password)

    async def create(sessions: Sessions) -> None:
        async with sessions.begin() as session:
            await create_operator(session, who.email, who.password.get_secret_value(), name)

    _with_sessions(_settings(data_dir), create)
    typer.echo(f"operator {who.email} created")


def _asked_password() -> str:
    """Ask whoever sits at the terminal, without showing it; else it is the first line sent."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def _checked(email: str, password: str) -> SignIn:
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

    typer.echo(_with_sessions(_settings(data_dir), load))


@statistics.command("import-history")
def statistics_import_history(file: HistoryFile, data_dir: DataDir = None) -> None:
    """Load published figures from a JSON file; loading it again changes nothing."""
    content = file.read_bytes()

    async def load(sessions: Sessions) -> str:
        async with sessions.begin() as session:
            series = await import_history(session, content)
            note = f" ({series.discrepancy})" if series.discrepancy else ""
            return f"{series.source}, as of {series.as_of}: loaded{note}"

    typer.echo(_with_sessions(_settings(data_dir), load))


@statistics.command("recompute")
def statistics_recompute(data_dir: DataDir = None) -> None:
    """Fold the whole event log again; the result equals the incremental one."""
    settings = _settings(data_dir)
    zone = settings.reporting_time_zone
    passed = _with_sessions(settings, lambda sessions: recompute(sessions, zone))
    typer.echo(f"{passed} events folded")


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

    raise typer.Exit(0 if _with_sessions(_settings(data_dir), prove) else 1)


@events.command("seal")
def events_seal(data_dir: DataDir = None) -> None:
    """Seal the events since the last seal now, and print the head to keep elsewhere."""

    async def make(sessions: Sessions) -> str:
        async with sessions.begin() as session:
            made = await seal_new_events(session)
            return f"seal {made.number}: {made.hash}" if made else "nothing new to seal"

    typer.echo(_with_sessions(_settings(data_dir), make))


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

    raise typer.Exit(0 if _with_sessions(_settings(data_dir), check) else 1)


@mail.command("list")
def mail_list(limit: int = 100, data_dir: DataDir = None) -> None:
    """Show what waits, without any content; first what was set aside and waits for you."""

    async def read(sessions: Sessions) -> list[str]:
        async with sessions() as session:
            return [
                f"{one.id}  {one.due_at or 'set aside'}  attempts {one.attempts}  {one.error or ''}"
                for one in await unsent(session, limit)
            ]

    typer.echo("\n".join(_with_sessions(_settings(data_dir), read)) or "nothing waits")


@mail.command("retry")
def mail_retry(mail_id: UUID, data_dir: DataDir = None) -> None:
    """Send a message again that was set aside, once the cause is mended."""

    async def retry(sessions: Sessions) -> None:
        async with sessions.begin() as session:
            await send_again(session, mail_id)

    _with_sessions(_settings(data_dir), retry)
    typer.echo(f"{mail_id} is sent again")


@documentation.command("lifecycles")
def docs_lifecycles() -> None:
    """Print docs/lifecycles.md, made from the lifecycle tables."""
    typer.echo(lifecycles_page(LIFECYCLES), nl=False)


@documentation.command("permissions")
def docs_permissions() -> None:
    """Print docs/permissions.md, made from roles, permissions and routes."""
    typer.echo(permissions_page(create_app(_settings(), connect=False)), nl=False)
