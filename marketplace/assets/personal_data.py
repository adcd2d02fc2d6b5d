"""The personal data of the register: what persons own, and the ideas they described."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.personal_data.registry import (
    OWN,
    Holder,
    PersonalData,
    Section,
    events_about,
)
from marketplace.assets.consents.models import Consent
from marketplace.assets.filings.models import FiledIdea, FutureShare
from marketplace.assets.models import LegalEvent, Right, RightIdentifier
from marketplace.assets.title.models import Conveyance, Ownership

_OWNED: Final = f"SELECT right_id FROM ownership WHERE organisation_id = {OWN}"
_RIGHTS: Final = f"SELECT id FROM ip_right WHERE registered_by = {OWN} OR id IN ({_OWNED})"
_CONSENTS: Final = f"SELECT id FROM consent WHERE organisation_id = {OWN} OR asked_by = {OWN}"
_ERASE_IDEAS: Final = text(
    "UPDATE ip_right SET title = 'Erased', abstract = NULL, classifications = '{}'"
    f" WHERE kind = 'idea' AND id IN ({_OWNED} AND owned_until IS NULL)"
)


async def _erase(session: AsyncSession, holder: Holder) -> None:
    """Overwrite the descriptions of ideas that are still theirs; patents are public facts."""
    await session.execute(_ERASE_IDEAS, holder.values)


PERSONAL_DATA: Final = PersonalData(
    sections=(
        Section(
            "rights",
            Right,
            (
                "id",
                "created_at",
                "kind",
                "title",
                "abstract",
                "language",
                "office",
                "classifications",
                "legal_status",
                "last_day",
                "fees_paid_until",
                "restrained_since",
                "challenged_since",
                "turns_at",
                "checked_on",
                "known_at",
                "registered_by",
                "burdened_at",
            ),
            f"id IN ({_RIGHTS})",
            {
                "burdens": "the kinds of its encumbrances as numbers; those are told themselves",
                "reserved_for": "the deal that holds it, which is told itself",
            },
        ),
        Section(
            "right_identifiers",
            RightIdentifier,
            (
                "id",
                "created_at",
                "right_id",
                "office",
                "document_class",
                "normalized",
                "kind_code",
                "display",
                "raw",
            ),
            f"right_id IN ({_RIGHTS})",
        ),
        Section(
            "filed_ideas",
            FiledIdea,
            ("id", "created_at", "idea_id", "right_id", "filed_by"),
            f"idea_id IN ({_RIGHTS})",
        ),
        Section(
            "future_shares",
            FutureShare,
            (
                "id",
                "created_at",
                "idea_id",
                "organisation_id",
                "numerator",
                "denominator",
                "subject",
            ),
            f"organisation_id = {OWN} OR idea_id IN ({_RIGHTS})",
        ),
        Section(
            "ownerships",
            Ownership,
            (
                "id",
                "created_at",
                "right_id",
                "organisation_id",
                "numerator",
                "denominator",
                "owned_from",
                "owned_until",
                "basis",
            ),
            f"organisation_id = {OWN}",
        ),
        Section(
            "conveyances",
            Conveyance,
            (
                "id",
                "created_at",
                "right_id",
                "kind",
                "from_organisation_id",
                "to_organisation_id",
                "numerator",
                "denominator",
                "contract_on",
                "effective_on",
                "received_on",
                "receipt_order",
                "recorded_on",
                "gazetted_on",
                "passed_at",
                "recordal_number",
                "recordal_months",
                "basis",
                "source",
                "recorded_by",
                "content_sha256",
            ),
            f"from_organisation_id = {OWN} OR to_organisation_id = {OWN}",
        ),
        Section(
            "consents",
            Consent,
            (
                "id",
                "created_at",
                "version",
                "due_at",
                "right_id",
                "act",
                "asked_by",
                "organisation_id",
                "counterparty_organisation_id",
                "terms",
                "terms_sha256",
                "rule_id",
                "limit_minor",
                "currency",
                "single_use",
                "used_for",
                "state",
            ),
            f"organisation_id = {OWN} OR asked_by = {OWN}",
        ),
        Section(
            "legal_events",
            LegalEvent,
            (
                "id",
                "created_at",
                "right_id",
                "kind",
                "occurred_on",
                "effective_on",
                "claims",
                "fee_year",
                "extension_days",
                "source",
                "origin",
                "event_key",
                "code",
                "payload",
                "recorded_by",
            ),
            f"right_id IN ({_RIGHTS})",
        ),
        events_about("consent_events", "consent", _CONSENTS),
        events_about("right_events", "right", _RIGHTS),
    ),
    impersonal={
        "right_alert": "what public facts threaten a right; its letters go out and are forgotten",
        "right_reservation": "which deal holds a right, by ids",
        "legal_rule": "what the law says",
        "event_code": "what the codes of registers mean",
        "register_check": "when a register was looked at",
        "retraction": "which fact of a register was none, by ids",
    },
    kept={
        "ip_right.title": "of a patent, utility model or design, which a public register tells, and"
        " of an idea that was sold, which is the buyer's",
        "ip_right.abstract": "likewise",
        "right_identifier.display": "a number in a public register",
        "legal_event.payload": "a fact of a public register, as it was told",
        "conveyance.source": "the evidence of a title, which its owners rely on",
        "conveyance.basis": "likewise",
        "consent.terms": "what the owners of a right agreed on: evidence of all of them",
        "legal_event.source": "the evidence of a fact about a right, which its owners rely on",
    },
    erase=_erase,
)
