"""The personal data of solicitations: what persons asked for, entered and judged."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.personal_data.registry import (
    OWN,
    Holder,
    Obligation,
    PersonalData,
    Section,
)
from marketplace.listings.solicitations.models import (
    Award,
    Evaluation,
    Evaluator,
    Solicitation,
    Submission,
)

_TASKS: Final = f"SELECT id FROM solicitation WHERE organiser_organisation_id = {OWN}"
_ENTERED: Final = f"SELECT id FROM submission WHERE organisation_id = {OWN}"
_JUDGING: Final = "SELECT id FROM evaluator WHERE user_id = :user_id"
_RUNNING: Final = text(
    """
    SELECT 'solicitation:' || s.id AS subject, s.state FROM solicitation s
    WHERE s.state IN ('open', 'cancelling', 'evaluating')
        AND (s.organiser_organisation_id = ANY (CAST(:ids AS uuid[])) OR EXISTS (
            SELECT FROM submission e WHERE e.solicitation_id = s.id AND e.withdrawn_at IS NULL
                AND e.organisation_id = ANY (CAST(:ids AS uuid[]))))
    ORDER BY s.id LIMIT 100
    """
)


async def _running(session: AsyncSession, holder: Holder) -> list[Obligation]:
    rows = (await session.execute(_RUNNING, {"ids": holder.answerable_ids})).all()
    return [
        Obligation(
            "solicitation_running",
            row.subject,
            f"a solicitation is {row.state}: take your idea back, or see it to its end",
        )
        for row in rows
    ]


PERSONAL_DATA: Final = PersonalData(
    sections=(
        Section(
            "solicitations",
            Solicitation,
            (
                "id",
                "created_at",
                "version",
                "due_at",
                "organiser_organisation_id",
                "title",
                "task",
                "language",
                "outcome",
                "licence_terms",
                "share_numerator",
                "share_denominator",
                "budget_minor",
                "currency",
                "awards_max",
                "compensation_minor",
                "criteria",
                "closes_at",
                "opened_at",
                "cancellation_asked_at",
                "state",
            ),
            f"organiser_organisation_id = {OWN}",
        ),
        Section(
            "submissions",
            Submission,
            (
                "id",
                "created_at",
                "solicitation_id",
                "number",
                "right_id",
                "organisation_id",
                "sha256",
                "shares",
                "withdrawn_at",
            ),
            f"organisation_id = {OWN}",
        ),
        Section(
            "awards",
            Award,
            ("id", "created_at", "solicitation_id", "submission_id", "amount_minor"),
            f"submission_id IN ({_ENTERED}) OR solicitation_id IN ({_TASKS})",
        ),
        Section(
            "judging",
            Evaluator,
            (
                "id",
                "created_at",
                "solicitation_id",
                "user_id",
                "organisation_id",
                "declared_at",
                "conflicts",
            ),
            "user_id = :user_id",
        ),
        Section(
            "evaluations",
            Evaluation,
            ("id", "created_at", "submission_id", "evaluator_id", "scores", "points"),
            f"evaluator_id IN ({_JUDGING})",
        ),
    ),
    kept={
        "evaluator.user_id": "who judged, by a random number",
        "solicitation.title": "a task that others answered",
        "solicitation.task": "a task that others answered",
    },
    obligations=_running,
)
