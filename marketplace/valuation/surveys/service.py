"""Sample surveys: drawn, reviewed blind from elsewhere, and concluded into standings."""

import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.kernel.db import fetch, lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import begin, move
from marketplace.valuation.assignments.engine import SEED_BITS
from marketplace.valuation.assignments.loading import Board, load
from marketplace.valuation.assignments.rules import Party, decide
from marketplace.valuation.institutions.service import set_standing
from marketplace.valuation.orders.models import ValuationOrder
from marketplace.valuation.reports.models import ValuationReport
from marketplace.valuation.surveys.errors import SurveyPeriodError, SurveyRunningError
from marketplace.valuation.surveys.lifecycle import REVIEWER, ReviewState
from marketplace.valuation.surveys.models import QualityReview, SampleSurvey
from marketplace.valuation.surveys.rules import (
    DEVIATION_LIMIT,
    SCORE_MAX,
    Drawn,
    Reported,
    Result,
    deviation_basis_points,
    draw,
    sample_size,
    tier_of,
    weighted_rate,
)
from marketplace.valuation.surveys.schemas import ReviewSubmit, SurveyDraw

AUTHOR: Final = "author"

_REPORTED: Final = text(
    """
    SELECT * FROM (
        SELECT r.id, r.institution_id, r.purpose, r.point_minor, r.report_date,
            row_number() OVER (PARTITION BY r.institution_id ORDER BY r.id) AS number
        FROM valuation_report r JOIN valuation_order o ON o.id = r.order_id
        WHERE o.state IN ('delivered', 'objected', 'completed')
          AND NOT EXISTS (SELECT FROM valuation_report n WHERE n.previous_id = r.id)
    ) every
    WHERE report_date >= :period_from AND report_date < :period_until
    ORDER BY id
    """
)


async def draw_survey(
    session: AsyncSession, request: SurveyDraw, *, today: date, actor: Actor
) -> SampleSurvey:
    """Draw reports of a period, and ask for each an institution that has nothing to do with it.

    Raises:
        SurveyPeriodError: the period is empty, or not over.
    """
    if not request.period_from < request.period_until <= today:
        raise SurveyPeriodError
    period = {"period_from": request.period_from, "period_until": request.period_until}
    reports = [
        Reported(str(row.id), str(row.institution_id), row.purpose, row.point_minor, row.number)
        for row in await fetch(session, _REPORTED, **period)
    ]
    figures = {"proportion": request.proportion, "margin": request.margin, "z": request.z}
    size, seed = sample_size(len(reports), **figures), secrets.randbits(SEED_BITS)
    drawn = draw(reports, size, seed)
    survey = SampleSurvey(
        created_at=now(session),
        population=len(reports),
        sample=len(drawn),
        seed=seed,
        period_from=request.period_from,
        period_until=request.period_until,
        proportion=request.proportion,
        margin=request.margin,
        z=request.z,
    )
    session.add(survey)
    await session.flush()
    if drawn:
        await _ask_reviewers(session, survey, drawn, today=today, actor=actor)
    data = {"population": survey.population, "sample": survey.sample}
    subject = f"sample_survey:{survey.id}"
    publish(session, "sample_survey.draw", subject=subject, actor=actor.label, data=data)
    return survey


async def _ask_reviewers(
    session: AsyncSession,
    survey: SampleSurvey,
    drawn: Sequence[Drawn],
    *,
    today: date,
    actor: Actor,
) -> None:
    """By the rules of assignment; whose report it is counts as a party, and so does its group."""
    ids = [UUID(one.report.id) for one in drawn]
    query = (
        select(ValuationReport, ValuationOrder)
        .join(ValuationOrder, col(ValuationOrder.id) == col(ValuationReport.order_id))
        .where(col(ValuationReport.id).in_(ids))
    )
    found = {report.id: (report, order) for report, order in (await session.execute(query)).all()}
    board = await load(session, [order for _, order in found.values()], today)
    for one in drawn:
        report, order = found[UUID(one.report.id)]
        reviewer = _reviewer(board, report, order, survey.seed)
        if reviewer is None:
            continue
        review = QualityReview(
            created_at=now(session),
            survey_id=survey.id,
            report_id=report.id,
            institution_id=report.institution_id,
            reviewer_id=reviewer,
            reason=one.reason,
            population=one.population,
            sample=one.sample,
        )
        begin(session, review, actor, survey_id=survey.id)
    await session.flush()


def _reviewer(
    board: Board, report: ValuationReport, order: ValuationOrder, seed: int
) -> UUID | None:
    author = str(report.institution_id)
    group = str(board.groups[report.institution_id])
    asked = board.case(order, 1)
    parties = (*asked.parties, Party(author, group, AUTHOR))
    case = replace(asked, parties=parties, named=None)
    made = decide(case, board.candidates(order), seed ^ (report.id.int % 2**SEED_BITS))
    if made.chosen is None:
        return None
    board.institutions[UUID(made.chosen)].open_cases += 1
    return UUID(made.chosen)


async def submit_review(
    session: AsyncSession, review_id: UUID, request: ReviewSubmit, *, actor: Actor
) -> QualityReview:
    """Hand a review in: scores, a value of one's own, and what could be better.

    Raises:
        NotFoundError: it is another institution's.
        IllegalMoveError: it was handed in, or its time is over.
    """
    review = await lock(session, QualityReview, review_id)
    if review.reviewer_id != actor.organisation_id:
        raise NotFoundError("no such quality review")
    report = await session.get_one(ValuationReport, review.report_id)
    move(session, review, "submit", role=REVIEWER, actor=actor)
    review.checklist = {item.value: score for item, score in request.checklist.items()}
    review.second_value_minor = request.second_value_minor
    review.deviation_basis_points = deviation_basis_points(
        report.point_minor, request.second_value_minor
    )
    review.remarks = request.remarks
    return review


async def conclude(session: AsyncSession, survey_id: UUID, *, actor: Actor) -> SampleSurvey:
    """Work the results out, with the draw's weights, and let them set standings.

    Raises:
        NotFoundError: no such survey.
        SurveyRunningError: reviews are missing, or it was concluded before.
    """
    survey = await lock(session, SampleSurvey, survey_id)
    query = select(QualityReview).where(col(QualityReview.survey_id) == survey_id)
    reviews = (await session.execute(query)).scalars().all()
    is_running = any(one.state is ReviewState.ASSIGNED for one in reviews)
    if is_running or survey.concluded_at is not None:
        raise SurveyRunningError
    found: dict[UUID, list[Result]] = defaultdict(list)
    for one in reviews:
        if one.state is ReviewState.SUBMITTED:
            found[one.institution_id].append(_result(one))
    survey.results = _results(found)
    survey.concluded_at = now(session)
    for institution_id in sorted(found):
        tier = tier_of(found[institution_id])
        if tier is not None:
            basis = f"sample_survey:{survey.id}"
            reason = "the results of a sample survey"
            await set_standing(session, institution_id, tier, basis, reason, actor=actor)
    data = {"reviews": len(reviews)}
    subject = f"sample_survey:{survey.id}"
    publish(session, "sample_survey.conclude", subject=subject, actor=actor.label, data=data)
    return survey


def _result(review: QualityReview) -> Result:
    scores = (review.checklist or {}).values()
    return Result(
        weight=review.population / review.sample,
        score=sum(scores) / (SCORE_MAX * max(len(scores), 1)),
        deviates=(review.deviation_basis_points or 0) > DEVIATION_LIMIT,
    )


def _results(found: Mapping[UUID, Sequence[Result]]) -> dict[str, Any]:
    every = [one for results in found.values() for one in results]
    return {
        "deviation_rate": weighted_rate(every),
        "institutions": {
            str(institution): {
                "reviews": len(results),
                "score": sum(one.weight * one.score for one in results)
                / sum(one.weight for one in results),
                "deviation_rate": weighted_rate(results),
                "tier": tier_of(results),
            }
            for institution, results in sorted(found.items())
        },
    }
