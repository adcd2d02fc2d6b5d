"""What an invoice says, in the languages of its readers.

It is named a bill in Korean and Chinese: a tax invoice there is a form of the tax office's own.
"""

from typing import Final

from marketplace.payments.wording import EN, KO, ZH, Words

LABELS: Final[Words] = {
    "invoice": {EN: "Invoice", KO: "수수료 청구서", ZH: "服务费账单"},
    "credit_note": {EN: "Credit note", KO: "수수료 감액 통지서", ZH: "服务费贷记通知单"},
    "number": {EN: "Number", KO: "번호", ZH: "编号"},
    "issued_on": {EN: "Issued on", KO: "발행일", ZH: "开具日期"},
    "supplied_on": {EN: "Supplied on", KO: "공급일", ZH: "提供日期"},
    "seller": {EN: "From", KO: "공급자", ZH: "开具方"},
    "buyer": {EN: "To", KO: "공급받는 자", ZH: "接收方"},
    "name": {EN: "Name", KO: "상호(성명)", ZH: "名称"},
    "address": {EN: "Address", KO: "주소", ZH: "地址"},
    "registration_number": {EN: "Registration number", KO: "등록번호", ZH: "登记号"},
    "vat_number": {EN: "VAT number", KO: "부가가치세 번호", ZH: "增值税号"},
    "credits": {EN: "Credits invoice", KO: "감액 대상 청구서", ZH: "所冲账单"},
    "what": {EN: "What", KO: "내용", ZH: "项目"},
    "net": {EN: "Net", KO: "공급가액", ZH: "净额"},
    "vat": {EN: "VAT", KO: "부가가치세", ZH: "增值税"},
    "gross": {EN: "Total", KO: "합계", ZH: "合计"},
    "fee": {EN: "Commission for", KO: "중개 수수료:", ZH: "交易佣金："},
    "kept": {
        EN: "The fee was kept back from the released price; nothing is to be paid.",
        KO: "수수료는 지급된 대금에서 이미 공제되었으며 별도로 납부할 금액은 없습니다.",
        ZH: "费用已从放款中扣除，无需另行支付。",
    },
    "given_back": {
        EN: "The fee was given back with the price; nothing is to be paid.",
        KO: "수수료는 대금과 함께 반환되었으며 별도로 납부할 금액은 없습니다.",
        ZH: "费用已随价款退还，无需另行支付。",
    },
}
