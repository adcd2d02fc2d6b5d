"""What payments through a provider know of persons; for erasure the provider has its own rules."""

from typing import Final

from marketplace.accounts.personal_data.registry import OWN, Section
from marketplace.payments.chargebacks.models import Chargeback
from marketplace.payments.connect.models import ConnectedAccount, PayoutChoice
from marketplace.payments.online.models import OnlinePayment
from marketplace.payments.transfers.models import TransferReversal

_PAYMENTS: Final = f"SELECT id FROM online_payment WHERE payer_organisation_id = {OWN}"
_PAYOUTS: Final = f"SELECT id FROM payout WHERE organisation_id = {OWN}"
_SECRET: Final = dict.fromkeys(
    ("key_id", "wrapped_key", "ciphertext"), "a secret of the provider's, encrypted, and not theirs"
)
SECTIONS: Final = (
    Section(
        "online_payments",
        OnlinePayment,
        (
            "id",
            "created_at",
            "version",
            "due_at",
            "payment_request_id",
            "subject",
            "payer_organisation_id",
            "provider",
            "amount_minor",
            "currency",
            "external_id",
            "charge_id",
            "provider_status",
            "failure_code",
            "failure_text",
            "captured_at",
            "hold_expires_at",
            "refunded_minor",
            "transferred_minor",
            "taken_minor",
            "state",
        ),
        f"payer_organisation_id = {OWN}",
        _SECRET,
    ),
    Section(
        "chargebacks",
        Chargeback,
        (
            "id",
            "created_at",
            "version",
            "due_at",
            "payment_id",
            "subject",
            "external_id",
            "reason",
            "amount_minor",
            "currency",
            "taken_minor",
            "lost_minor",
            "evidence_due_at",
            "state",
        ),
        f"payment_id IN ({_PAYMENTS})",
        {
            "evidence": "what the platform told the card network of both sides",
            "failure_text": "what the provider answered the platform",
        },
    ),
    Section(
        "connected_accounts",
        ConnectedAccount,
        (
            "id",
            "created_at",
            "organisation_id",
            "country",
            "external_id",
            "transfers_enabled",
            "payouts_enabled",
            "details_submitted",
            "requirements",
            "disabled_reason",
            "failure_code",
            "failure_text",
            "link_expires_at",
            "retired_at",
        ),
        f"organisation_id = {OWN}",
        _SECRET,
    ),
    Section(
        "payout_choices",
        PayoutChoice,
        ("id", "created_at", "organisation_id", "method"),
        f"organisation_id = {OWN}",
    ),
    Section(
        "transfer_reversals",
        TransferReversal,
        (
            "id",
            "created_at",
            "payout_id",
            "amount_minor",
            "reversed_minor",
            "external_id",
            "failure_code",
            "failure_text",
            "answered_at",
        ),
        f"payout_id IN ({_PAYOUTS})",
    ),
)
IMPERSONAL: Final = {
    "provider_event": "what a provider tells, encrypted, for some days; its facts are in rows",
    "provider_errand": "what the platform asks a provider, by the ids of rows that are shown",
    "hold_period": "for how long providers hold money",
    "transfer_country": "where providers pay out to",
}
KEPT: Final = {
    "online_payment.external_id": "the provider's books of the same payment",
    "connected_account.external_id": "where money was sent, for as long as books are kept",
    "chargeback.evidence": "what was told to the card network, which may ask again",
}
