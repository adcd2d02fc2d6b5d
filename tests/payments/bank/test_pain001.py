"""Orders are read back with an ordinary XML parser and compared value by value."""

import dataclasses
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kernel.errors import MarketplaceError
from marketplace.kernel.money import AMOUNT_MINOR_MAX, minor_digits, minor_from_text
from marketplace.payments.providers.bank.bank_account import BankAccount
from marketplace.payments.providers.bank.pain001 import (
    TRANSFERS_MAX,
    CreditTransfer,
    CreditTransferBatch,
    render_batch,
)

NAMES = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}
PLATFORM = BankAccount("특허장터 주식회사", "110-000-123456", "088", "KR")
INVENTOR = BankAccount(
    "王小明 & 김발명 <연구소>", "DE89 3704 0044 0532 0130 00", "COBADEFFXXX", "DE"
)
UNIVERSITY = BankAccount("서울대학교 산학협력단", "079-01-234567", "011", "KR")
BATCH = CreditTransferBatch(
    message_id="0198f3a2c4d57e8a9b1c2d3e4f506172",
    created_at=datetime.fromisoformat("2026-03-31T18:05:09.123456+09:00"),
    execute_on=date(2026, 4, 1),
    debtor=PLATFORM,
    currency="KRW",
    transfers=(
        CreditTransfer(
            end_to_end_id="payout-1",
            amount_minor=104_500_000,
            payee=INVENTOR,
            remittance="정산\n IPM-773M-X9XD-X",
        ),
        CreditTransfer(end_to_end_id="payout-2", amount_minor=1, payee=UNIVERSITY),
    ),
)

EXPECTED = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">
  <CstmrCdtTrfInitn>
    <GrpHdr>
      <MsgId>0198f3a2c4d57e8a9b1c2d3e4f506172</MsgId>
      <CreDtTm>2026-03-31T09:05:09Z</CreDtTm>
      <NbOfTxs>2</NbOfTxs>
      <CtrlSum>104500001</CtrlSum>
      <InitgPty>
        <Nm>특허장터 주식회사</Nm>
      </InitgPty>
    </GrpHdr>
    <PmtInf>
      <PmtInfId>0198f3a2c4d57e8a9b1c2d3e4f506172</PmtInfId>
      <PmtMtd>TRF</PmtMtd>
      <NbOfTxs>2</NbOfTxs>
      <CtrlSum>104500001</CtrlSum>
      <ReqdExctnDt>
        <Dt>2026-04-01</Dt>
      </ReqdExctnDt>
      <Dbtr>
        <Nm>특허장터 주식회사</Nm>
      </Dbtr>
      <DbtrAcct>
        <Id>
          <Othr>
            <Id>110000123456</Id>
          </Othr>
        </Id>
      </DbtrAcct>
      <DbtrAgt>
        <FinInstnId>
          <ClrSysMmbId>
            <MmbId>088</MmbId>
          </ClrSysMmbId>
          <PstlAdr>
            <Ctry>KR</Ctry>
          </PstlAdr>
        </FinInstnId>
      </DbtrAgt>
      <CdtTrfTxInf>
        <PmtId>
          <EndToEndId>payout-1</EndToEndId>
        </PmtId>
        <Amt>
          <InstdAmt Ccy="KRW">104500000</InstdAmt>
        </Amt>
        <CdtrAgt>
          <FinInstnId>
            <BICFI>COBADEFFXXX</BICFI>
          </FinInstnId>
        </CdtrAgt>
        <Cdtr>
          <Nm>王小明 &amp; 김발명 &lt;연구소&gt;</Nm>
        </Cdtr>
        <CdtrAcct>
          <Id>
            <IBAN>DE89370400440532013000</IBAN>
          </Id>
        </CdtrAcct>
        <RmtInf>
          <Ustrd>정산 IPM-773M-X9XD-X</Ustrd>
        </RmtInf>
      </CdtTrfTxInf>
      <CdtTrfTxInf>
        <PmtId>
          <EndToEndId>payout-2</EndToEndId>
        </PmtId>
        <Amt>
          <InstdAmt Ccy="KRW">1</InstdAmt>
        </Amt>
        <CdtrAgt>
          <FinInstnId>
            <ClrSysMmbId>
              <MmbId>011</MmbId>
            </ClrSysMmbId>
            <PstlAdr>
              <Ctry>KR</Ctry>
            </PstlAdr>
          </FinInstnId>
        </CdtrAgt>
        <Cdtr>
          <Nm>서울대학교 산학협력단</Nm>
        </Cdtr>
        <CdtrAcct>
          <Id>
            <Othr>
              <Id>07901234567</Id>
            </Othr>
          </Id>
        </CdtrAcct>
      </CdtTrfTxInf>
    </PmtInf>
  </CstmrCdtTrfInitn>
</Document>
"""


def test_a_batch_is_written_in_the_order_of_the_schema() -> None:
    assert render_batch(BATCH).decode() == EXPECTED


@given(
    st.sampled_from(["KRW", "USD", "KWD"]),
    st.lists(st.integers(1, AMOUNT_MINOR_MAX - 1), min_size=1, max_size=40),
)
def test_the_amounts_sum_to_the_control_sum(currency: str, amounts_minor: list[int]) -> None:
    transfers = tuple(
        CreditTransfer(end_to_end_id=f"p{number}", amount_minor=amount_minor, payee=INVENTOR)
        for number, amount_minor in enumerate(amounts_minor)
    )
    batch = dataclasses.replace(BATCH, currency=currency, transfers=transfers)
    root = fromstring(render_batch(batch))
    written = [element.text or "" for element in root.iterfind(".//p:InstdAmt", NAMES)]
    control_sums = [Decimal(element.text or "") for element in root.iterfind(".//p:CtrlSum", NAMES)]
    assert [minor_from_text(text, currency) for text in written] == amounts_minor
    assert control_sums == [sum(map(Decimal, written))] * 2
    assert control_sums[0] == Decimal(sum(amounts_minor)).scaleb(-minor_digits(currency))
    assert {element.text for element in root.iterfind(".//p:NbOfTxs", NAMES)} == {
        str(len(amounts_minor))
    }


@given(st.text(), st.text(max_size=400))
def test_any_name_and_remittance_make_a_readable_order(name: str, remittance: str) -> None:
    payee = dataclasses.replace(UNIVERSITY, holder_name=f"대{name}")
    transfer = CreditTransfer(end_to_end_id="x", amount_minor=5, payee=payee, remittance=remittance)
    root = fromstring(render_batch(dataclasses.replace(BATCH, transfers=(transfer,))))
    written = root.findtext(".//p:Cdtr/p:Nm", "", NAMES)
    assert 1 <= len(written) <= 140
    assert len(root.findtext(".//p:Ustrd", "", NAMES)) <= 140
    assert written == " ".join(written.split())


def test_long_text_is_cut_and_controls_are_dropped() -> None:
    payee = dataclasses.replace(UNIVERSITY, holder_name="발" * 200)
    transfer = CreditTransfer(
        end_to_end_id="x", amount_minor=5, payee=payee, remittance="a\x00\x1b\ufffeb\u0085" * 100
    )
    root = fromstring(render_batch(dataclasses.replace(BATCH, transfers=(transfer,))))
    assert root.findtext(".//p:Cdtr/p:Nm", "", NAMES) == "발" * 140
    assert root.findtext(".//p:Ustrd", "", NAMES) == ("a b " * 35).strip()


FIRST = BATCH.transfers[0]
BAD_IBAN = dataclasses.replace(INVENTOR, account_number="DE88370400440532013000")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"transfers": ()}, "invalid_credit_transfer"),
        ({"transfers": (FIRST,) * (TRANSFERS_MAX + 1)}, "invalid_credit_transfer"),
        ({"transfers": (FIRST, FIRST)}, "invalid_credit_transfer"),
        ({"message_id": ""}, "invalid_credit_transfer"),
        ({"message_id": "0198f3a2-c4d5-7e8a-9b1c-2d3e4f506172"}, "invalid_credit_transfer"),
        ({"message_id": "/a"}, "invalid_credit_transfer"),
        ({"message_id": "a//b"}, "invalid_credit_transfer"),
        ({"message_id": "정산"}, "invalid_credit_transfer"),
        ({"created_at": datetime(2026, 3, 31)}, "invalid_credit_transfer"),  # noqa: DTZ001
        ({"currency": "XAU"}, "unknown_currency"),
        ({"debtor": BAD_IBAN}, "invalid_bank_account"),
        ({"transfers": (dataclasses.replace(FIRST, payee=BAD_IBAN),)}, "invalid_bank_account"),
        *(
            (
                {"transfers": (dataclasses.replace(FIRST, amount_minor=amount_minor),)},
                "invalid_credit_transfer",
            )
            for amount_minor in (0, -1, AMOUNT_MINOR_MAX + 1)
        ),
    ],
)
def test_an_order_that_a_bank_would_refuse_is_not_written(
    changes: dict[str, object], code: str
) -> None:
    with pytest.raises(MarketplaceError) as refusal:
        render_batch(dataclasses.replace(BATCH, **changes))  # type: ignore[arg-type]
    assert refusal.value.code == code


def test_the_same_instant_in_another_zone_gives_the_same_bytes() -> None:
    moved = dataclasses.replace(BATCH, created_at=BATCH.created_at.astimezone(UTC))
    assert render_batch(moved) == render_batch(BATCH)
