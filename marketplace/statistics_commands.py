"""Commands of statistics: history, releases, and who of the state reads finer tables."""

from typing import Annotated, Final

import typer

from marketplace.accounts.people.service import create_statistician
from marketplace.commands import (
    DataDir,
    HistoryFile,
    asked_password,
    checked,
    settings_of,
    with_sessions,
)
from marketplace.kernel.db import Sessions
from marketplace.statistics.folding import recompute
from marketplace.statistics.history import import_history
from marketplace.statistics.models import PublishedSeries
from marketplace.statistics.releases.service import release_due

statistics = typer.Typer(no_args_is_help=True, help="Cumulative statistics.")

STATISTICS: Final = {"statistics": statistics}


@statistics.command("create-statistician")
def statistician_create(
    email: str,
    office: Annotated[str, typer.Argument(help="The public office that reads.")],
    country: Annotated[str, typer.Option(help="ISO 3166-1 alpha-2.")] = "KR",
    password: Annotated[
        str | None,
        typer.Option(
            envvar="MARKETPLACE_STATISTICIAN_PASSWORD",
            help="Left out, it is asked for, or read from standard input.",
            show_envvar=True,
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Create an account of the state that reads finer statistics, and nothing else."""
    who = checked(email, asked_password() if password is None else password)

    async def create(sessions: Sessions) -> None:
        async with sessions.begin() as session:
            secret = who.password.get_secret_value()
            await create_statistician(session, who.email, secret, office, country)

    with_sessions(settings_of(data_dir), create)
    typer.echo(f"statistician {who.email} created")


@statistics.command("release")
def statistics_release(data_dir: DataDir = None) -> None:
    """Publish the controlled tables of the months that ended, as the worker does every hour."""
    settings = settings_of(data_dir)
    known, zone = settings.live_statistics == "public", settings.reporting_time_zone
    made = with_sessions(settings, lambda sessions: release_due(sessions, zone, totals_known=known))
    typer.echo("released" if made else "nothing new to release")


def _difference(series: PublishedSeries) -> str:
    """What a printed total says and its parts do not give, in minor units."""
    printed = series.printed_deals, series.printed_amount_minor
    parts = series.parts_deals, series.parts_amount_minor
    if None in printed or printed == parts:
        return ""
    return (
        f" (printed total {printed[0]} deals and {printed[1]}, the parts give {parts[0]} and"
        f" {parts[1]}, in minor units)"
    )


@statistics.command("import-history")
def statistics_import_history(file: HistoryFile, data_dir: DataDir = None) -> None:
    """Load published figures from a JSON file; loading it again changes nothing."""
    content = file.read_bytes()
    settings = settings_of(data_dir)

    async def load(sessions: Sessions) -> str:
        async with sessions.begin() as session:
            series = await import_history(session, content, time_zone=settings.reporting_time_zone)
            return f"{series.source}, as of {series.as_of}: loaded{_difference(series)}"

    typer.echo(with_sessions(settings, load))


@statistics.command("recompute")
def statistics_recompute(data_dir: DataDir = None) -> None:
    """Fold the whole event log again; the result equals the incremental one."""
    settings = settings_of(data_dir)
    zone = settings.reporting_time_zone
    passed = with_sessions(settings, lambda sessions: recompute(sessions, zone))
    typer.echo(f"{passed} events folded")
