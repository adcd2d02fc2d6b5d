from typing import Final

from marketplace.search import api as search_api
from marketplace.search.lookalikes import api as lookalikes_api
from marketplace.wiring.domain import Domain

SEARCH: Final = Domain(
    routers=(search_api.router, lookalikes_api.router),
)
