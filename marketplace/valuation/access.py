"""Who may use the routes of valuation."""

from typing import Annotated, Final

from fastapi import Depends

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import IllegalMoveError, NotYourMoveError

Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
Calculator = Annotated[Actor, Depends(Allowed(Permission.CALCULATE_VALUES))]
Operator = Annotated[Actor, Depends(Allowed(Permission.OPERATE_VALUATIONS))]
Keeper = Annotated[Actor, Depends(Allowed(Permission.KEEP_INSTITUTION))]
Client = Annotated[Actor, Depends(Allowed(Permission.ORDER_VALUATIONS))]
Valuer = Annotated[Actor, Depends(Allowed(Permission.PERFORM_VALUATIONS))]
ValuerOrOperator = Annotated[
    Actor, Depends(Allowed(Permission.PERFORM_VALUATIONS, Permission.OPERATE_VALUATIONS))
]
ClientOrOperator = Annotated[
    Actor, Depends(Allowed(Permission.ORDER_VALUATIONS, Permission.OPERATE_VALUATIONS))
]
Heard = Annotated[
    Actor,
    Depends(
        Allowed(
            Permission.ORDER_VALUATIONS,
            Permission.PERFORM_VALUATIONS,
            Permission.OPERATE_VALUATIONS,
        )
    ),
]
MOVE_ERRORS: Final = (
    InvalidTokenError,
    PermissionMissingError,
    NotFoundError,
    IllegalMoveError,
    NotYourMoveError,
)
