"""Who may use the routes of valuation."""

from typing import Annotated

from fastapi import Depends

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.permissions import Permission

Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
Calculator = Annotated[Actor, Depends(Allowed(Permission.CALCULATE_VALUES))]
Operator = Annotated[Actor, Depends(Allowed(Permission.OPERATE_VALUATIONS))]
