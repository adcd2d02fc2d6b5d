"""The `marketplace` command."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import asyncpg
import typer
import uvicorn
from alembic.util import CommandError
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from marketplace.accounts.people.service import create_operator
from marketplace.accounts.sessions.schemas import SignIn
from marketplace.app import create_app
from marketplace.demo import example, journey
from marketplace.demo.client import ApiRefusalError
from marketplace.documentation import lifecycles_page
from marketplace.kernel.clock import SystemClock
from marketplace.kernel.db import Sessions, create_engine, create_sessions
from marketplace.kernel.errors import BadRequestError, MarketplaceError
from marketplace.kernel.logs import configure_logs
from marketplace.kernel.parents import end_with_parent
from marketplace.kernel.postgres import EmbeddedPostgresError
from marketplace.kernel.problems import translate
from marketplace.kernel.seals import seal_new_events, verify
from marketplace.migrating import upgrade
from marketplace.payments.inbox.service import replay
from marketplace.payments.ledger.verify import count_transactions, run_checks
from marketplace.settings import Settings
from marketplace.statistics.folding import recompute
from marketplace.statistics.history import import_history
from marketplace.supervisor import (
    Supervisor,
    running_database,
    sole_service,
    usable_port,
    with_data_dir,
)
from marketplace.wiring import CONSTRAINT_ERRORS, LIFECYCLES, PROOFS, RECONCILERS
from marketplace.worker import work

cli = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__
)
operators = typer.Typer(no_args_is_help=True, help="People who operate the platform.")
statistics = typer.Typer(no_args_is_help=True, help="Cumulative statistics.")
ledger = typer.Typer(no_args_is_help=True, help="The double-entry ledger.")
payments = typer.Typer(no_args_is_help=True, help="Payments through providers.")
events = typer.Typer(no_args_is_help=True, help="The event log and its seals.")
documentation = typer.Typer(no_args_is_help=True, help="Generated documentation.")
for name, group in (
    ("operators", operators),
    ("statistics", statistics),
    ("ledger", ledger),
    ("payments", payments),
    ("events", events),
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


class ConfigurationError(BadRequestError):
    code = "configuration"
    title = "A setting is wrong"


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
    return str(translate(error, CONSTRAINT_ERRORS))


def _fail(line: str) -> None:
    typer.secho(f"marketplace: {line}", err=True, fg=typer.colors.RED)
    raise SystemExit(1) from None


def _settings(data_dir: Path | None = None, **changed: Any) -> Settings:
    """The configuration, with what the command line says in place of the environment."""
    given = {"data_dir": data_dir, **changed}
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise ConfigurationError(_first_problem(error)) from error


def _first_problem(error: ValidationError) -> str:
    """The field and what is wrong with it; never its value, which may be a password."""
    first = error.errors(include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg'].removeprefix('Value error, ')}"


def _say(line: str) -> None:
    typer.secho(line, err=True)


def _with_sessions(settings: Settings, use: Callable[[Sessions], Awaitable[T]]) -> T:
    """Run one thing against the database: that of DATABASE_URL, or the embedded one."""

    async def run(settings: Settings) -> T:
        engine = create_engine(settings.sqlalchemy_url(), pool_size=2)
        try:
            return await use(create_sessions(engine, SystemClock()))
        finally:
            await engine.dispose()

    with running_database(with_data_dir(settings, _say), _say) as found:
        upgrade(found)
        return asyncio.run(run(found))


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
            supervisor = Supervisor(settings, embedded=embedded, lock=lock, say=_say)
            code = supervisor.run(when_ready)
    _say("stopped")
    raise typer.Exit(code)


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
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
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
        str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)
    ] = "",
    data_dir: DataDir = None,
) -> None:
    """Create an operator account; the password is asked for, or read from --password."""
    who = _checked(email, password)

    async def create(sessions: Sessions) -> None:
        async with sessions.begin() as session:
            await create_operator(session, who.email, who.password.get_secret_value(), name)

    _with_sessions(_settings(data_dir), create)
    typer.echo(f"operator {who.email} created")


def _checked(email: str, password: str) -> SignIn:
    try:
        return SignIn.model_validate({"email": email, "password": password})
    except ValidationError as error:
        raise ConfigurationError(_first_problem(error)) from error


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


@payments.command("reconcile")
def payments_reconcile(
    provider: Annotated[str, typer.Option(help=f"One of: {', '.join(RECONCILERS)}.")],
    day: Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="A day in UTC.")],
    data_dir: DataDir = None,
) -> None:
    """Compare what a provider moved in a day with the ledger; exit 1 when anything differs."""
    reconcile = RECONCILERS.get(provider)
    if reconcile is None:
        raise ConfigurationError(f"no such provider; write one of {', '.join(RECONCILERS)}")
    settings = _settings(data_dir)
    found = _with_sessions(settings, lambda sessions: reconcile(settings, sessions, day.date()))
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

    _with_sessions(_settings(data_dir), again)
    typer.echo(f"{event_id} will be handled again")


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


@documentation.command("lifecycles")
def docs_lifecycles() -> None:
    """Print docs/lifecycles.md, made from the lifecycle tables."""
    typer.echo(lifecycles_page(LIFECYCLES), nl=False)
