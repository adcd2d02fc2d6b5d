"""What pledge financing refuses, beside what rights, title and the ledger refuse themselves."""

from typing import Final

from marketplace.kernel.errors import ConflictError, ForbiddenError, UnprocessableError


class LendersOnlyError(ForbiddenError):
    code = "lenders_only"
    title = "Only an organisation that lends may do this"


class ConflictOfInterestError(ConflictError):
    code = "conflict_of_interest"
    title = "Whoever values the collateral belongs to none of the parties' groups"


class ValuationUnderWayError(ConflictError):
    code = "valuation_under_way"
    title = "A valuation of this collateral was ordered and is not finished"


class NotValuedError(ConflictError):
    code = "not_valued"
    title = "No valuation of the collateral holds any more; the borrower orders another"


class CollateralBlockedError(ConflictError):
    code = "collateral_blocked"
    title = "Something stands against a right that is to be pledged; see the prescreening"


class CollateralKnownError(ConflictError):
    code = "collateral_known"
    title = "The right is collateral of this request already"


class OwnRequestError(ConflictError):
    code = "own_request"
    title = "Nobody lends to themselves, or to their own group"


class OfferExistsError(ConflictError):
    code = "loan_offer_exists"
    title = "Your offer for this request stands; withdraw it first"


class LoanExistsError(ConflictError):
    code = "loan_exists"
    title = "An offer for this request was accepted already"


class LimitExceededError(ConflictError):
    code = "limit_exceeded"
    title = "The loan exceeds what the collateral or the product allows"


class InvalidLoanTermsError(UnprocessableError):
    code = "invalid_loan_terms"
    title = "These terms make no loan"


class InvalidSchemeError(UnprocessableError):
    code = "invalid_scheme"
    title = "The shares of a scheme sum to 10,000 basis points, the lender's among them"


class PeriodOverlapError(ConflictError):
    code = "period_overlap"
    title = "Another row of that name is valid at that time"


class PartyExistsError(ConflictError):
    code = "party_exists"
    title = "Somebody has this role in the loan"


class PartiesMissingError(ConflictError):
    code = "parties_missing"
    title = "The scheme names parties that have not joined the loan"


class PledgesNotRegisteredError(ConflictError):
    code = "pledges_not_registered"
    title = "Nothing is paid out before every pledge is registered and outlasts the loan"


class ScheduleBrokenError(ConflictError):
    code = "schedule_broken"
    title = "The instalments of a loan sum to what was paid out, in the order of their days"


class RepaymentOpenError(ConflictError):
    code = "repayment_open"
    title = "A payment was asked for already; pay it, or let it expire"


class NothingOwedError(ConflictError):
    code = "nothing_owed"
    title = "Nothing of this kind is owed"


class NotRipeError(ConflictError):
    code = "not_ripe"
    title = "The contract does not allow this yet"


class PriceTooHighError(ConflictError):
    code = "price_too_high"
    title = "The price exceeds what this way of enforcement allows"


class ProceedsOutstandingError(ConflictError):
    code = "proceeds_outstanding"
    title = "A realisation is still under way; its proceeds come first"


class SoldAlreadyError(ConflictError):
    code = "sold_already"
    title = "The right is being sold for this loan, or was"


class LossSharedError(ConflictError):
    code = "loss_not_whole"
    title = "The parts of a loss sum to it, and each is borne once"


CONSTRAINT_ERRORS: Final = {
    "financing_collateral_right_unique": CollateralKnownError,
    "loan_offer_one_live": OfferExistsError,
    "loan_one_live": LoanExistsError,
    "loan_offer_ltv_check": LimitExceededError,
    "risk_sharing_scheme_no_overlap": PeriodOverlapError,
    "reference_rate_day_unique": PeriodOverlapError,
    "risk_share_whole": InvalidSchemeError,
    "loan_participant_role_unique": PartyExistsError,
    "loan_pledges_registered": PledgesNotRegisteredError,
    "loan_instalments_whole": ScheduleBrokenError,
    "loan_repayment_one_open": RepaymentOpenError,
    "enforcement_sold_once": SoldAlreadyError,
    "loss_share_whole": LossSharedError,
}
