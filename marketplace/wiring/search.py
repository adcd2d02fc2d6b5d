from typing import Final

from marketplace.search import api as search_api
from marketplace.wiring.domain import Domain

SEARCH: Final = Domain(
    routers=(search_api.router,),
)
