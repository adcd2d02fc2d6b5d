import dataclasses

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from marketplace.payments.providers.bank.bank_account import BankAccount
from marketplace.payments.providers.bank.errors import InvalidBankAccountError

KOREAN = BankAccount(
    holder_name="김발명", account_number="110-234-567890", bank_code="088", country="KR"
)
GERMAN = BankAccount(
    holder_name="Erika Mustermann",
    account_number="DE89 3704 0044 0532 0130 00",
    bank_code="COBADEFFXXX",
    country="DE",
)


@pytest.mark.parametrize(
    "account",
    [
        KOREAN,
        GERMAN,
        dataclasses.replace(GERMAN, account_number="gb82 west 1234 5698 7654 32", country="GB"),
        dataclasses.replace(GERMAN, account_number="MT84MALT011000012345MTLCAST001S", country="MT"),
        dataclasses.replace(KOREAN, account_number="KR12 3456 7890 1234"),
        dataclasses.replace(KOREAN, bank_code="102100099996", country="CN"),
    ],
)
def test_a_payable_account_passes(account: BankAccount) -> None:
    account.validate()


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        ({"holder_name": " \t\x00"}, "give the holder's name"),
        ({"account_number": "1234"}, "5 to 34 letters and digits"),
        ({"account_number": "1" * 35}, "5 to 34 letters and digits"),
        ({"account_number": "١٢٣٤٥٦٧"}, "5 to 34 letters and digits"),
        ({"account_number": "DE88370400440532013000"}, "the IBAN is mistyped"),
        ({"bank_code": ""}, "BIC or a national clearing id"),
        ({"bank_code": "coba"}, "BIC or a national clearing id"),
        ({"account_number": "DE51 3704 0044 0532 0130 0"}, "the IBAN is mistyped"),
        ({"country": "kor"}, "two letters of ISO 3166"),
        ({"country": "de"}, "two letters of ISO 3166"),
        ({"country": "ZZ"}, "two letters of ISO 3166"),
        ({"account_number": "110-234-567890"}, "the banks of DE want an IBAN"),
        ({"country": "KR"}, "the country of the IBAN"),
        ({"country": "FR"}, "the country of the IBAN"),
    ],
)
def test_a_part_to_correct_is_named(change: dict[str, str], advice: str) -> None:
    account = dataclasses.replace(GERMAN, **change)
    with pytest.raises(InvalidBankAccountError, match=advice) as refusal:
        account.validate()
    assert refusal.value.code == "invalid_bank_account"
    assert account.compact_number not in str(refusal.value)


@given(st.integers(4, 21), st.sampled_from("0123456789"))
def test_every_wrong_digit_of_an_iban_is_detected(position: int, digit: str) -> None:
    number = GERMAN.compact_number
    assume(number[position] != digit)
    mistyped = number[:position] + digit + number[position + 1 :]
    with pytest.raises(InvalidBankAccountError):
        dataclasses.replace(GERMAN, account_number=mistyped).validate()


def test_only_the_last_four_characters_are_shown() -> None:
    assert KOREAN.masked() == "****7890"
    assert GERMAN.masked() == "****3000"
    assert dataclasses.replace(KOREAN, account_number="1234").masked() == "****"
    assert "567890" not in repr(KOREAN)
    assert "김발명" not in repr(KOREAN)


def test_shape_decides_between_iban_bic_and_national_ids() -> None:
    assert (GERMAN.is_iban, GERMAN.has_bic) == (True, True)
    assert (KOREAN.is_iban, KOREAN.has_bic) == (False, False)
