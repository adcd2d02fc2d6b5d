import re
from dataclasses import dataclass, field
from typing import Final

from marketplace.payments.providers.bank.errors import InvalidBankAccountError
from marketplace.payments.providers.bank.iso_text import clean_text

HOLDER_NAME_LENGTH_MAX: Final = 140

_SEPARATORS: Final = re.compile(r"[\s-]+")
_ACCOUNT_NUMBER: Final = re.compile(r"[A-Z0-9]{5,34}")
_IBAN_SHAPE: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_BIC: Final = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_CLEARING_ID: Final = re.compile(r"[A-Z0-9]{2,35}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


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
        return _IBAN_SHAPE.fullmatch(self.compact_number) is not None

    @property
    def has_bic(self) -> bool:
        return _BIC.fullmatch(self.bank_code) is not None

    def validate(self) -> None:
        """Refuse what a bank would return: an empty name, a bad number, a mistyped IBAN.

        Raises:
            InvalidBankAccountError: the message names the part to correct, never the number.
        """
        for is_right, advice in (
            (clean_text(self.holder_name, HOLDER_NAME_LENGTH_MAX), "give the holder's name"),
            (_ACCOUNT_NUMBER.fullmatch(self.compact_number), "give 5 to 34 letters and digits"),
            (not self.is_iban or _has_iban_check(self.compact_number), "the IBAN is mistyped"),
            (_CLEARING_ID.fullmatch(self.bank_code), "give a BIC or a national clearing id"),
            (_COUNTRY.fullmatch(self.country), "give the bank's country as two capital letters"),
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


def _has_iban_check(iban: str) -> bool:
    """ISO 13616: country and check digits moved to the end, letters as 10 to 35, modulo 97 is 1."""
    return int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4])) % 97 == 1
