"""What a certificate of withholding says, in the languages of its readers."""

from typing import Final

from marketplace.payments.wording import EN, KO, ZH, Words

LABELS: Final[Words] = {
    "title": {EN: "Certificate of tax withheld", KO: "원천징수 확인서", ZH: "代扣税款证明"},
    "agent": {EN: "Withholding agent", KO: "원천징수의무자", ZH: "扣缴义务人"},
    "address": {EN: "Address", KO: "주소", ZH: "地址"},
    "registration_number": {EN: "Registration number", KO: "등록번호", ZH: "登记号"},
    "payee": {EN: "Payee", KO: "소득자", ZH: "收款人"},
    "residence": {EN: "Resident in", KO: "거주지국", ZH: "居住国"},
    "jurisdiction": {EN: "Tax of", KO: "과세 국가", ZH: "征税国"},
    "period": {EN: "Payments from", KO: "지급 기간", ZH: "付款期间"},
    "as_of": {EN: "As of", KO: "기준 시각", ZH: "截至"},
    "date": {EN: "Paid", KO: "지급일", ZH: "付款日期"},
    "subject": {EN: "Reference", KO: "참조", ZH: "参考"},
    "gross": {EN: "Gross", KO: "지급액", ZH: "总额"},
    "tax": {EN: "Tax", KO: "세액", ZH: "税款"},
    "surtax": {EN: "Surtax", KO: "지방소득세 등", ZH: "附加税"},
    "returned": {EN: "Returned", KO: "환급", ZH: "已退还"},
    "withheld": {EN: "Withheld in all", KO: "원천징수세액 합계", ZH: "扣缴合计"},
    "law": {EN: "Basis", KO: "근거", ZH: "依据"},
}
