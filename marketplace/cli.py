"""The `marketplace` command."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer
import uvicorn

from marketplace.accounts.service import create_operator
from marketplace.app import create_app
from marketplace.demo import example, journey
from marketplace.documentation import lifecycles_page
from marketplace.kernel.clock import SystemClock
from marketplace.kernel.db import Sessions, create_engine, create_sessions
from marketplace.kernel.errors import MarketplaceError
from marketplace.kernel.logs import configure_logs
from marketplace.kernel.postgres import EmbeddedPostgresError
from marketplace.kernel.seals import seal_new_events, verify
from marketplace.migrating import upgrade
from marketplace.payments.ledger.verify import count_transactions, run_checks
from marketplace.settings import Settings
from marketplace.statistics.folding import recompute
from marketplace.statistics.history import import_history
from marketplace.supervisor import Supervisor, start_database
from marketplace.wiring import LIFECYCLES, PROOFS
from marketplace.worker import work

cli = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
operators = typer.Typer(no_args_is_help=True, help="People who operate the platform.")
statistics = typer.Typer(no_args_is_help=True, help="Cumulative statistics.")
ledger = typer.Typer(no_args_is_help=True, help="The double-entry ledger.")
events = typer.Typer(no_args_is_help=True, help="The event log and its seals.")
documentation = typer.Typer(no_args_is_help=True, help="Generated documentation.")
for name, group in (
    ("operators", operators),
    ("statistics", statistics),
    ("ledger", ledger),
    ("events", events),
    ("docs", documentation),
):
    cli.add_typer(group, name=name)

DataDir = Annotated[Path | None, typer.Option(help="Where data is kept; ./.data unless set.")]
T = TypeVar("T")
LISTEN_BACKLOG: Final = 2048


def main() -> None:
    """Run a command; an expected refusal is one line, not a stack of calls."""
    try:
        cli()
    except (MarketplaceError, EmbeddedPostgresError) as error:
        typer.secho(f"marketplace: {error}", err=True, fg=typer.colors.RED)
        raise SystemExit(1) from None


def _settings(data_dir: Path | None = None, **changed: object) -> Settings:
    given = {"data_dir": data_dir, **changed}
    return Settings().model_copy(update={k: v for k, v in given.items() if v is not None})


def _say(line: str) -> None:
    typer.secho(line, err=True)


def _with_sessions(settings: Settings, use: Callable[[Sessions], Awaitable[T]]) -> T:
    """Run one thing against the database: that of DATABASE_URL, or the embedded one."""
    settings = start_database(settings, _say)
    upgrade(settings)

    async def run() -> T:
        engine = create_engine(settings.sqlalchemy_url(), pool_size=2)
        try:
            return await use(create_sessions(engine, SystemClock()))
        finally:
            await engine.dispose()

    return asyncio.run(run())


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    data_dir: DataDir = None,
    *,
    example_data: Annotated[
        bool, typer.Option("--example", help="Load a small example when the database is empty.")
    ] = False,
) -> None:
    """Serve API and worker; with no DATABASE_URL, start PostgreSQL in the data directory."""
    settings = _settings(data_dir, host=host, port=port)
    embedded = settings.database_url is None
    settings = start_database(settings, _say)
    _say("bringing the schema up to date …")
    upgrade(settings)
    supervisor = Supervisor(settings, embedded=embedded, say=_say)
    when_ready = (lambda url: example.load(settings, url, _say)) if example_data else None
    raise typer.Exit(supervisor.run(when_ready))


@cli.command()
def api() -> None:
    """Serve the API alone; the database is that of DATABASE_URL."""
    settings = _settings()
    configure_logs(settings.log_level)
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
    settings = _settings()
    configure_logs(settings.log_level)
    asyncio.run(work(settings))


@cli.command()
def migrate(revision: str = "head", data_dir: DataDir = None) -> None:
    """Bring the database schema up to date."""
    upgrade(start_database(_settings(data_dir), _say), revision)


@cli.command()
def demo(
    patents: Annotated[
        Path | None, typer.Option(help="JSON lines of patent records to list as well.")
    ] = None,
) -> None:
    """Play a whole deal over HTTP on a fresh database; ends with statistics and proofs."""
    raise typer.Exit(journey.run(_settings(), patents))


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

    async def create(sessions: Sessions) -> None:
        async with sessions.begin() as session:
            await create_operator(session, email, password, name)

    _with_sessions(_settings(data_dir), create)
    typer.echo(f"operator {email} created")


@statistics.command("import-history")
def statistics_import_history(file: Path, data_dir: DataDir = None) -> None:
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


@documentation.command("lifecycles")
def docs_lifecycles() -> None:
    """Print docs/lifecycles.md, made from the lifecycle tables."""
    typer.echo(lifecycles_page(LIFECYCLES), nl=False)
