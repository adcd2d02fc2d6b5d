"""Commands of statistics: releases, and who of the state reads finer tables."""

from typing import Annotated, Final

import typer

from marketplace.accounts.people.service import create_statistician
from marketplace.commands import (
    DataDir,
    asked_password,
    checked,
    settings_of,
    statistics,
    with_sessions,
)
from marketplace.kernel.db import Sessions
from marketplace.statistics.releases.service import release_due

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
