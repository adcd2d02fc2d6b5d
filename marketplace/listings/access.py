"""Who may use the routes of listings."""

from typing import Annotated

from fastapi import Depends

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.permissions import Permission

Seller = Annotated[Actor, Depends(Allowed(Permission.LIST))]
