"""Commands of valuation: rating patents."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import typer

from marketplace.commands import DataDir, say, settings_of, with_sessions
from marketplace.kernel.db import Sessions, now
from marketplace.valuation.purposes import Purpose
from marketplace.valuation.rating import service
from marketplace.valuation.rating.pipeline import Outcome, rate
from marketplace.valuation.rating.printing import report
from marketplace.valuation.rating.service import Terms
from marketplace.valuation.reports.verifying import verify_report

valuation = typer.Typer(no_args_is_help=True, help="Valuation models, ratings and reports.")
VALUATION: Final = {"valuation": valuation}

PatentFile = Annotated[
    Path, typer.Argument(help="JSON lines, one patent each.", exists=True, dir_okay=False)
]


@valuation.command("rate")
def valuation_rate(
    file: PatentFile,
    purpose: Annotated[Purpose, typer.Option(help="Decides which models.")] = Purpose.TRANSACTION,
    day: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], help="The day of the rating; today."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Of the clusters.")] = 1,
    data_dir: DataDir = None,
) -> None:
    """Screen, classify and rate patents; print what was done, and keep it as a new run."""
    settings = settings_of(data_dir)
    zone = ZoneInfo(settings.reporting_time_zone)

    async def run(sessions: Sessions) -> None:
        async with sessions.begin() as session:
            as_of = day.date() if day else now(session).astimezone(zone).date()
            terms = await service.terms_in_force(session, purpose, as_of=as_of, seed=seed)
        outcome = _rated(file, terms)
        async with sessions.begin() as session:
            kept = await service.store(session, outcome, terms, corpus=file.name)
        for line in report(outcome, terms.rules.grades):
            typer.echo(line)
        typer.echo(f"\nrating run {kept.id}: {_named(terms)}")

    with_sessions(settings, run)


@valuation.command("rate-again")
def valuation_rate_again(
    run_id: Annotated[UUID, typer.Argument(help="Of an earlier rating.")],
    file: PatentFile,
    data_dir: DataDir = None,
) -> None:
    """Rate as an earlier run did, and compare; exit 1 when anything differs."""

    async def compare(sessions: Sessions) -> list[str]:
        async with sessions() as session:
            terms = await service.terms_of(session, run_id)
        outcome = _rated(file, terms)
        async with sessions() as session:
            return await service.differences(session, run_id, outcome)

    differing = with_sessions(settings_of(data_dir), compare)
    for record in differing:
        typer.echo(f"BAD  {record}")
    typer.echo(f"{len(differing)} ratings differ")
    raise typer.Exit(1 if differing else 0)


@valuation.command("verify")
def valuation_verify(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JWS, JSON or PDF.")],
    published: Annotated[
        Path, typer.Option("--keys", exists=True, help="What GET /v1/certificate-keys answered.")
    ],
) -> None:
    """Verify a valuation report, offline; print what it says."""
    content = verify_report(file.read_bytes(), published.read_bytes())
    typer.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())


def _rated(file: Path, terms: Terms) -> Outcome:
    say(f"rating {file.name} as of {_day(terms.as_of)} …")
    return rate(file, terms.rules, terms.weights, as_of=terms.as_of, seed=terms.seed, say=say)


def _named(terms: Terms) -> str:
    editions = (f"{one.name} {one.edition}" for one in (terms.model, terms.weight_set))
    return f"{', '.join(editions)}, as of {_day(terms.as_of)}, seed {terms.seed}"


def _day(day: date) -> str:
    return day.isoformat()
