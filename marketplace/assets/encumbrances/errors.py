from marketplace.assets.consents.errors import ConsentsMissingError
from marketplace.assets.errors import RightReservedError
from marketplace.assets.standing.errors import (
    ChallengedError,
    FeesDueError,
    NotTradableError,
    RightRestrainedError,
)
from marketplace.kernel.errors import ConflictError, UnprocessableError


class EncumberedError(ConflictError):
    code = "encumbered"
    title = "What stands against this right in that scope does not allow it"


class ConsentMissingError(ConflictError):
    code = "consent_missing"
    title = "This takes the recorded consent of whoever holds an encumbrance of the right"


class TrusteeOnlyError(ConflictError):
    code = "trustee_only"
    title = "The right is held in trust: only the trustee may do this"


class RankTakenError(ConflictError):
    code = "rank_taken"
    title = "Another encumbrance of the right was received with this number on this day"


class EntryElsewhereError(ConflictError):
    code = "register_entry_known"
    title = "An entry of this number and day is on record from another source; look both up"


class OutlivesRightError(ConflictError):
    code = "outlives_right"
    title = "A licence ends with its right at the latest; choose a shorter term"


class EntryChangedError(ConflictError):
    code = "register_entry_changed"
    title = "This entry of the register is recorded with other facts; record a change of it"


class RegisteredError(ConflictError):
    code = "register_entry_needed"
    title = "The register shows it, so it ends by an entry there: file its deletion"


class NotWithdrawableError(ConflictError):
    code = "not_withdrawable"
    title = "Only an open licence is withdrawn by the owner; ask its holder to release it"


class ConsentExistsError(ConflictError):
    code = "consent_exists"
    title = "A consent to this is on record; revoke it first"


class ConsentUsedError(ConflictError):
    code = "consent_used"
    title = "The consent was used, so it can no longer be revoked"


class NotGrantableError(UnprocessableError):
    code = "not_grantable"
    title = "An owner cannot grant this: it comes from the register"


class InvalidTermsError(UnprocessableError):
    code = "invalid_terms"
    title = "These terms do not fit this kind of encumbrance"


class FutureMomentError(UnprocessableError):
    code = "future_moment"
    title = "A certificate tells what was: its moments lie in the past"


class InvalidCertificateError(UnprocessableError):
    code = "invalid_certificate"
    title = "This is no certificate of ours, or it was changed"


CONSTRAINT_ERRORS = {
    "conflict_refused": EncumberedError,
    "conflict_consent": ConsentMissingError,
    "conflict_holder": TrusteeOnlyError,
    "conflict_sale": RightReservedError,
    "conflict_status": NotTradableError,
    "conflict_restrained": RightRestrainedError,
    "conflict_fees_due": FeesDueError,
    "conflict_challenged": ChallengedError,
    "encumbrance_owners_consent": ConsentsMissingError,
    "encumbrance_outlives_right": OutlivesRightError,
    "encumbrance_rank_index": RankTakenError,
    "encumbrance_number_index": EntryElsewhereError,
    "encumbrance_entry_index": EntryChangedError,
    "encumbrance_consent_open_index": ConsentExistsError,
}
