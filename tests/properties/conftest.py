from tests.deals.conftest import market

__all__ = ["market"]
