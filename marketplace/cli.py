"""The `marketplace` command."""

import asyncio
import signal
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import asyncpg
import typer
import uvicorn
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from marketplace.app import create_app
from marketplace.commands import GROUPS, DataDir, say, settings_of, using
from marketplace.demo import example, journey
from marketplace.demo.client import ApiRefusalError
from marketplace.demo.waiting import DemoError
from marketplace.document_commands import DOCUMENTS
from marketplace.kernel.errors import MarketplaceError
from marketplace.kernel.logs import configure_logs
from marketplace.kernel.parents import end_with_parent
from marketplace.kernel.postgres import EmbeddedPostgresError
from marketplace.kernel.problems import translate
from marketplace.migrating import upgrade
from marketplace.settings import ConfigurationError, Settings
from marketplace.statistics_commands import STATISTICS
from marketplace.supervisor import (
    Supervisor,
    running_database,
    sole_service,
    usable_port,
    with_data_dir,
)
from marketplace.valuation_commands import VALUATION
from marketplace.wiring import CONSTRAINT_ERRORS
from marketplace.worker import confirm_keys, work

cli = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__
)

for name, group in (GROUPS | VALUATION | DOCUMENTS | STATISTICS).items():
    cli.add_typer(group, name=name)

LISTEN_BACKLOG: Final = 2048
EXPECTED: Final = (
    MarketplaceError,
    EmbeddedPostgresError,
    ApiRefusalError,
    DemoError,
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
    wanted = with_data_dir(settings_of(data_dir, host=host, port=port), say)
    embedded = wanted.database_url is None
    when_ready = partial(example.load, say=say) if example_data else None
    with sole_service(wanted, say) as lock:
        free = wanted.model_copy(update={"port": usable_port(wanted.host, wanted.port)})
        with running_database(free, say) as settings:
            say("bringing the schema up to date …")
            upgrade(settings)
            _confirm_keys(settings)
            supervisor = Supervisor(settings, embedded=embedded, lock=lock, say=say)
            code = supervisor.run(when_ready)
    say("stopped")
    raise typer.Exit(code)


def _confirm_keys(settings: Settings) -> None:
    asyncio.run(using(settings, lambda sessions: confirm_keys(sessions, settings)))


def _child_settings() -> Settings:
    settings = settings_of()
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
    with running_database(with_data_dir(settings_of(data_dir), say), say) as settings:
        upgrade(settings, revision)


@cli.command()
def demo(
    patents: Annotated[
        Path | None,
        typer.Option(
            help="JSON lines of patent records to list as well.", exists=True, dir_okay=False
        ),
    ] = None,
    play: Annotated[
        journey.Journey,
        typer.Option("--journey", help="A sale, a loan repaid, a loan that fails, or all."),
    ] = journey.Journey.ALL,
) -> None:
    """Play deals and loans over HTTP on a fresh database; ends with statistics and proofs."""
    raise typer.Exit(journey.run(patents, play))
