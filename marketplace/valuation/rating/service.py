"""Keeping ratings, with everything that it takes to make them again."""

from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from itertools import islice
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.kernel.db import now
from marketplace.kernel.errors import ConflictError
from marketplace.kernel.events import publish
from marketplace.kernel.ids import new_id
from marketplace.valuation.purposes import Purpose
from marketplace.valuation.rating.models import Rating, RatingRun
from marketplace.valuation.rating.pipeline import Outcome
from marketplace.valuation.rating.queries import get_run
from marketplace.valuation.registry import queries as registry
from marketplace.valuation.registry.contents import RatingContent, WeightSetContent
from marketplace.valuation.registry.models import ValuationModel

ROWS_AT_ONCE: Final = 1_000
ACTOR: Final = "operator:command-line"
MODEL, WEIGHTS = "patent_rating", "patent_rating_weights"


class OtherCorpusError(ConflictError):
    code = "other_corpus"
    title = "The file is not the one that was rated: its SHA-256 differs"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a corpus is rated by: two published editions, a day and a seed."""

    model: ValuationModel
    weight_set: ValuationModel
    as_of: date
    seed: int

    @property
    def rules(self) -> RatingContent:
        return RatingContent(**self.model.content)

    @property
    def weights(self) -> WeightSetContent:
        return WeightSetContent(**self.weight_set.content)


async def terms_in_force(
    session: AsyncSession, purpose: Purpose, *, as_of: date, seed: int
) -> Terms:
    """The editions that a purpose takes on a day.

    Raises:
        ModelNotAllowedError: there is none.
    """
    found = await registry.allowed(session, [MODEL, WEIGHTS], purpose, as_of)
    return Terms(found[MODEL], found[WEIGHTS], as_of, seed)


async def terms_of(session: AsyncSession, run_id: UUID) -> Terms:
    """The terms of an earlier run, whatever is in force now.

    Raises:
        NotFoundError: no such run.
    """
    run = await get_run(session, run_id)
    model = await registry.get_model(session, run.model_id)
    weight_set = await registry.get_model(session, run.weight_set_id)
    return Terms(model, weight_set, run.as_of, run.seed)


async def store(session: AsyncSession, outcome: Outcome, terms: Terms, *, corpus: str) -> RatingRun:
    """Keep an outcome as a new run: what was rated before stays as it is."""
    run = RatingRun(
        created_at=now(session),
        model_id=terms.model.id,
        weight_set_id=terms.weight_set.id,
        corpus=corpus,
        corpus_sha256=outcome.corpus_sha256,
        records=len(outcome.ratings),
        as_of=terms.as_of,
        seed=terms.seed,
        software=f"numpy {version('numpy')}, scipy {version('scipy')}",
        summary=outcome.summary(),
    )
    session.add(run)
    await session.flush()
    rows = ({"run_id": run.id, **asdict(one)} for one in outcome.ratings)
    while chunk := [_row(session, row) for row in islice(rows, ROWS_AT_ONCE)]:
        await session.execute(insert(Rating), chunk)
    data = {"model_id": run.model_id, "weight_set_id": run.weight_set_id, "records": run.records}
    publish(session, "rating_run.store", subject=f"rating_run:{run.id}", actor=ACTOR, data=data)
    return run


def _row(session: AsyncSession, row: dict[str, Any]) -> dict[str, Any]:
    return {"id": new_id(), "created_at": now(session), **row}


async def differences(session: AsyncSession, run_id: UUID, outcome: Outcome) -> list[str]:
    """The records that an outcome rates otherwise than a run did.

    Raises:
        OtherCorpusError: it is of another file.
    """
    run = await get_run(session, run_id)
    if run.corpus_sha256 != outcome.corpus_sha256:
        raise OtherCorpusError
    query = select(
        col(Rating.record), col(Rating.score), col(Rating.grade), col(Rating.cluster)
    ).where(col(Rating.run_id) == run_id)
    stored = {record: tuple(said) for record, *said in (await session.execute(query)).all()}
    made = {one.record: (one.score, one.grade, one.cluster) for one in outcome.ratings}
    return sorted(r for r in stored.keys() | made.keys() if stored.get(r) != made.get(r))
