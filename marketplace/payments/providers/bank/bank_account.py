import re
from dataclasses import dataclass, field
from typing import Final

from marketplace.accounts.organisations.places import regions_by_country
from marketplace.payments.providers.bank.errors import InvalidBankAccountError
from marketplace.payments.providers.bank.iban import has_ibans, is_iban, is_right_iban
from marketplace.payments.providers.bank.iso_text import clean_text

HOLDER_NAME_LENGTH_MAX: Final = 140

_SEPARATORS: Final = re.compile(r"[\s-]+")
_ACCOUNT_NUMBER: Final = re.compile(r"[A-Z0-9]{5,34}")
_BIC: Final = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_CLEARING_ID: Final = re.compile(r"[A-Z0-9]{2,35}")


@dataclass(frozen=True, slots=True)
class BankAccount:
    """Where money is sent from or to; the number and the holder stay out of `repr`, so of logs.

    Attributes:
        holder_name: as the bank knows the holder, in any script.
        account_number: IBAN or national number; spaces and hyphens carry no meaning.
        bank_code: BIC, or the bank's national clearing id such as `004`.
        country: ISO 3166-1 alpha-2 of the bank.
    """

    holder_name: str = field(repr=False)
    account_number: str = field(repr=False)
    bank_code: str
    country: str

    @property
    def compact_number(self) -> str:
        return compact_number(self.account_number)

    @property
    def is_iban(self) -> bool:
        """Whether the number is shaped as an IBAN; `validate` checks its digits."""
        return is_iban(self.compact_number)

    @property
    def has_bic(self) -> bool:
        return _BIC.fullmatch(self.bank_code) is not None

    def validate(self) -> None:
        """Refuse what a bank would return: an empty name, a bad number, another country's IBAN.

        Raises:
            InvalidBankAccountError: the message names the part to correct, never the number.
        """
        number, country = self.compact_number, self.country
        for is_right, advice in (
            (clean_text(self.holder_name, HOLDER_NAME_LENGTH_MAX), "give the holder's name"),
            (_ACCOUNT_NUMBER.fullmatch(number), "give 5 to 34 letters and digits"),
            (not self.is_iban or is_right_iban(number), "the IBAN is mistyped"),
            (_CLEARING_ID.fullmatch(self.bank_code), "give a BIC or a national clearing id"),
            (country in regions_by_country(), "give the bank's country by two letters of ISO 3166"),
            (self.is_iban or not has_ibans(country), f"the banks of {country} want an IBAN"),
            (not self.is_iban or number[:2] == country, "give the country of the IBAN"),
        ):
            if not is_right:
                raise InvalidBankAccountError(f"bank account {self.masked()}: {advice}")

    def masked(self) -> str:
        """The last four characters, enough to recognise one's own account: `****6789`."""
        return masked_number(self.account_number)


def masked_number(account_number: str) -> str:
    """The last four characters of an account number, or none of one that is too short to hide."""
    number = compact_number(account_number)
    return f"****{number[-4:]}" if _ACCOUNT_NUMBER.fullmatch(number) else "****"


def compact_number(account_number: str) -> str:
    """The number without the spaces, hyphens and small letters that people write it with."""
    return _SEPARATORS.sub("", account_number).upper()
