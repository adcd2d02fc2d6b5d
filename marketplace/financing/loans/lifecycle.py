from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.financing.access import BORROWER, LENDER, OPERATOR, PLEDGOR
from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves


class LoanState(StrEnum):
    AGREED = "agreed"
    CONTRACTED = "contracted"
    PLEDGE_FILED = "pledge_filed"
    PLEDGE_REGISTERED = "pledge_registered"
    PERFORMING = "performing"
    OVERDUE = "overdue"
    REPAID = "repaid"
    DEFAULTED = "defaulted"
    ENFORCING = "enforcing"
    LOSS_SHARED = "loss_shared"
    WRITTEN_OFF = "written_off"
    RELEASE_FILED = "release_filed"
    RELEASED = "released"
    CANCELLED = "cancelled"


S = LoanState
RUNNING: Final = (S.PERFORMING, S.OVERDUE)
ACCRUING: Final = (*RUNNING, S.DEFAULTED, S.ENFORCING)
SECURED: Final = (S.PLEDGE_FILED, S.PLEDGE_REGISTERED, *ACCRUING)
_UNSIGNED: Final = (S.AGREED, S.CONTRACTED)

# The clock of a running loan is a yearly look at its collateral. What is due each day is found by
# days of instalments, in batches (`accrual`), since that concerns every loan every day.
LOAN: Final = Lifecycle(
    "loan",
    LoanState,
    S.AGREED,
    (
        moves("sign", S.AGREED, S.AGREED, BORROWER, LENDER, PLEDGOR),
        moves("name_party", S.AGREED, S.AGREED, LENDER),
        moves("contract", S.AGREED, S.CONTRACTED, SYSTEM),
        moves("file_pledges", S.CONTRACTED, S.PLEDGE_FILED, BORROWER, LENDER),
        moves("register", S.PLEDGE_FILED, S.PLEDGE_REGISTERED, SYSTEM),
        moves("disburse", S.PLEDGE_REGISTERED, S.PERFORMING, SYSTEM),
        moves("cancel", {*_UNSIGNED, S.PLEDGE_FILED}, S.CANCELLED, BORROWER, LENDER, CLOCK),
        moves("refuse", S.PLEDGE_REGISTERED, S.PLEDGE_REGISTERED, SYSTEM),
        moves("withdraw", S.PLEDGE_FILED, S.RELEASE_FILED, BORROWER, LENDER, CLOCK),
        moves("give_up", S.PLEDGE_REGISTERED, S.RELEASE_FILED, BORROWER, LENDER),
        moves("fall_overdue", S.PERFORMING, S.OVERDUE, CLOCK),
        moves("catch_up", S.OVERDUE, S.PERFORMING, SYSTEM),
        moves("repay", ACCRUING, S.REPAID, SYSTEM),
        moves("waive", ACCRUING, S.REPAID, LENDER),
        moves("default", RUNNING, S.DEFAULTED, LENDER),
        moves("enforce", {S.DEFAULTED, S.ENFORCING}, S.ENFORCING, LENDER),
        moves("share_loss", S.ENFORCING, S.LOSS_SHARED, LENDER),
        moves("recover", S.LOSS_SHARED, S.LOSS_SHARED, SYSTEM),
        moves("write_off", S.LOSS_SHARED, S.WRITTEN_OFF, LENDER, CLOCK),
        moves("file_release", S.REPAID, S.RELEASE_FILED, LENDER, CLOCK),
        moves("drop", S.RELEASE_FILED, S.CANCELLED, SYSTEM),
        moves("release", S.RELEASE_FILED, S.RELEASED, SYSTEM, OPERATOR),
        moves("review", RUNNING[0], RUNNING[0], CLOCK),
        moves("review", RUNNING[1], RUNNING[1], CLOCK),
        moves("remind", S.PLEDGE_REGISTERED, S.PLEDGE_REGISTERED, CLOCK),
        moves("remind", S.DEFAULTED, S.DEFAULTED, CLOCK),
        moves("remind", S.ENFORCING, S.ENFORCING, CLOCK),
        moves("remind", S.RELEASE_FILED, S.RELEASE_FILED, CLOCK),
    ),
    due={
        S.AGREED: Due("cancel", timedelta(days=30)),
        S.CONTRACTED: Due("cancel", timedelta(days=60)),
        S.PLEDGE_FILED: Due("cancel", timedelta(days=120)),
        S.PLEDGE_REGISTERED: Due("remind", timedelta(days=14)),
        S.PERFORMING: Due("review", timedelta(days=365)),
        S.OVERDUE: Due("review", timedelta(days=365)),
        S.REPAID: Due("file_release", timedelta(days=7)),
        S.DEFAULTED: Due("remind", timedelta(days=30)),
        S.ENFORCING: Due("remind", timedelta(days=90)),
        S.LOSS_SHARED: Due("write_off", timedelta(days=3_650)),
        S.RELEASE_FILED: Due("remind", timedelta(days=30)),
    },
)
