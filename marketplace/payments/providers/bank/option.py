from dataclasses import dataclass
from typing import Final

from marketplace.payments.funding.models import Provider
from marketplace.payments.providers.port import Inquiry, Option

_NOTE: Final = "Transfer the exact amount with the reference; any amount, any currency, no limit."


@dataclass(frozen=True, slots=True)
class BankTransfer:
    """Bank transfer takes every payment."""

    country: str
    name: Provider = Provider.BANK

    def option(self, inquiry: Inquiry) -> Option:  # noqa: ARG002 - it suits every inquiry
        return Option(self.name, (), _NOTE, None)
