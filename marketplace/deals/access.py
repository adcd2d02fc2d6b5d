"""Who may use the routes of deals, and how a move of theirs may be refused."""

from typing import Annotated, Final

from fastapi import Depends

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import IllegalMoveError, NotYourMoveError

Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
Signer = Annotated[Actor, Depends(Allowed(Permission.SIGN))]
Performer = Annotated[Actor, Depends(Allowed(Permission.PERFORM_DEALS))]
Operator = Annotated[Actor, Depends(Allowed(Permission.OPERATE_DEALS))]
Party = Annotated[Actor, Depends(Allowed(Permission.PERFORM_DEALS, Permission.OPERATE_DEALS))]
MOVE_ERRORS: Final = (
    InvalidTokenError,
    PermissionMissingError,
    NotFoundError,
    IllegalMoveError,
    NotYourMoveError,
)
