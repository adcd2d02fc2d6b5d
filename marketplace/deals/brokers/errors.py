from marketplace.deals.payees.errors import InvalidSharesError
from marketplace.kernel.errors import ConflictError, UnprocessableError


class InvalidBrokerError(UnprocessableError):
    code = "invalid_broker"
    title = "Name brokers of your side once each, by mandates in force over this listing"


class BrokerLeftOutError(ConflictError):
    code = "broker_left_out"
    title = "A broker that made an offer of this negotiation for you has a share"


class NothingToConsentError(ConflictError):
    code = "nothing_to_consent"
    title = "The agreement needs no such consent of yours"


class DualAgencyConsentError(ConflictError):
    code = "dual_agency_consent_missing"
    title = "One broker, or its group, acts for both sides; each consents to this text first"


class SplitConsentError(ConflictError):
    code = "split_consent_missing"
    title = "Several brokers share a side's commission; each consents to this text first"


class BrokersFrozenError(ConflictError):
    code = "brokers_frozen"
    title = "Both sides have signed; the brokers and their shares stand"


CONSTRAINT_ERRORS = {
    "deal_broker_whole": InvalidSharesError,
    "deal_broker_frozen": BrokersFrozenError,
    "deal_dual_agency": DualAgencyConsentError,
}
