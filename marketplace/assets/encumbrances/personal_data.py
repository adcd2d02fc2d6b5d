"""The personal data of encumbrances: what persons hold, granted and consented to."""

from typing import Final

from marketplace.accounts.personal_data.registry import (
    OWN,
    PersonalData,
    Section,
    events_about,
)
from marketplace.assets.encumbrances.certificates.models import EncumbranceCertificate
from marketplace.assets.encumbrances.models import (
    Encumbrance,
    EncumbranceConsent,
    EncumbranceVersion,
)

_CONCERNED: Final = f"holder_organisation_id = {OWN} OR granted_by = {OWN}"
_IDS: Final = f"SELECT id FROM encumbrance WHERE {_CONCERNED}"
_RANGE: Final = "the codes of the scope as numbers, by which the database finds overlaps"
_INNER: Final = {
    "kind_range": _RANGE,
    "claim_range": _RANGE,
    "territory_range": _RANGE,
    "field_range": _RANGE,
}

PERSONAL_DATA: Final = PersonalData(
    sections=(
        Section(
            "encumbrances",
            Encumbrance,
            tuple(name for name in Encumbrance.model_fields if name not in _INNER),
            _CONCERNED,
            _INNER,
        ),
        Section(
            "encumbrance_versions",
            EncumbranceVersion,
            tuple(EncumbranceVersion.model_fields),
            f"encumbrance_id IN ({_IDS})",
        ),
        Section(
            "consents_given",
            EncumbranceConsent,
            tuple(EncumbranceConsent.model_fields),
            "given_by = :user_id",
        ),
        Section(
            "encumbrance_certificates",
            EncumbranceCertificate,
            tuple(EncumbranceCertificate.model_fields),
            f"organisation_id = {OWN}",
        ),
        events_about("encumbrance_events", "encumbrance", _IDS),
    ),
    impersonal={
        "conflict_rule": "what the law says of rights, not of persons",
        "conflict_summary": "the same, put together for each act",
    },
    kept={
        "encumbrance.holder_name": "of a public register",
        "encumbrance_version.facts": "what a certificate of a past day has to say",
        "encumbrance_certificate.jws": "what was certified, which a changed letter would break",
        "encumbrance_consent.given_by": "who consented, by a random number: others' evidence",
    },
)
