from marketplace.kernel.errors import ConflictError


class ConflictOfInterestError(ConflictError):
    code = "conflict_of_interest"
    title = "Something stands between you and this case now: decline it"


class StandingLostError(ConflictError):
    code = "standing_lost"
    title = "The institution is suspended, or not designated any more: it takes and signs nothing"


class CapacityReachedError(ConflictError):
    code = "capacity_reached"
    title = "The institution has as many open cases as it takes"


class PauseUsedUpError(ConflictError):
    code = "pause_used_up"
    title = "This case was paused as long as it may be"


CONSTRAINT_ERRORS = {
    "valuation_assignment_capacity": CapacityReachedError,
    "valuation_assignment_group": ConflictOfInterestError,
}
