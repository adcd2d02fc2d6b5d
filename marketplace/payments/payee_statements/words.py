"""What a statement says, in the languages of its readers."""

from typing import Final

from marketplace.payments.wording import EN, KO, ZH, Words

LABELS: Final[Words] = {
    "title": {EN: "Statement of account", KO: "정산 명세서", ZH: "结算对账单"},
    "payee": {EN: "Payee", KO: "수취인", ZH: "收款方"},
    "period": {EN: "Period", KO: "기간", ZH: "期间"},
    "currency": {EN: "Currency", KO: "통화", ZH: "币种"},
    "opening": {EN: "Opening balance", KO: "기초 잔액", ZH: "期初余额"},
    "credits": {EN: "Credited", KO: "입금 합계", ZH: "贷记合计"},
    "debits": {EN: "Debited", KO: "출금 합계", ZH: "借记合计"},
    "closing": {EN: "Closing balance", KO: "기말 잔액", ZH: "期末余额"},
    "date": {EN: "Date", KO: "일자", ZH: "日期"},
    "kind": {EN: "What happened", KO: "내용", ZH: "事项"},
    "subject": {EN: "Reference", KO: "참조", ZH: "参考"},
    "counterparty": {EN: "Other side", KO: "상대 계정", ZH: "对方账户"},
    "amount": {EN: "Amount", KO: "금액", ZH: "金额"},
    "balance": {EN: "Balance", KO: "잔액", ZH: "余额"},
    "set_off": {EN: "of it set off", KO: "상계액", ZH: "其中抵扣"},
    "owed": {
        EN: "The balance is negative: it is owed to the platform, and is set off against the next"
        " amounts payable before anything is paid out.",
        KO: "잔액이 음수입니다. 플랫폼에 갚아야 할 금액이며, 다음 지급액에서 먼저 상계됩니다.",
        ZH: "余额为负，即应退还平台的款项，将先从下一笔应付款中抵扣。",
    },
    "zone": {EN: "Time zone", KO: "시간대", ZH: "时区"},
}
KINDS: Final[Words] = {
    "release": {EN: "Price released", KO: "대금 지급 확정", ZH: "价款放款"},
    "split": {EN: "Share of a decided dispute", KO: "분쟁 결정에 따른 배분", ZH: "争议裁定分配"},
    "refund": {EN: "Refund", KO: "환불", ZH: "退款"},
    "refund_released": {
        EN: "Part of a released price returned",
        KO: "지급된 대금의 일부 반환",
        ZH: "退还部分已放价款",
    },
    "reverse": {EN: "Deal reversed", KO: "거래 취소 및 반환", ZH: "交易撤销"},
    "fund": {EN: "Overpayment owed back", KO: "초과 입금 반환", ZH: "超额付款退还"},
    "double_payment": {EN: "Second payment owed back", KO: "중복 결제 반환", ZH: "重复付款退还"},
    "payout": {EN: "Paid out", KO: "지급", ZH: "付款"},
    "payout_confirm": {
        EN: "Payout corrected by the bank's record",
        KO: "은행 기록에 따른 지급 정정",
        ZH: "按银行记录更正付款",
    },
    "payout_return": {EN: "Payout returned", KO: "지급 반송", ZH: "付款退回"},
    "payout_reversal": {EN: "Transfer taken back", KO: "이체 회수", ZH: "转账收回"},
    "chargeback": {EN: "Chargeback", KO: "지급 거절(차지백)", ZH: "拒付"},
    "chargeback_loss": {
        EN: "Chargeback borne by the platform",
        KO: "플랫폼이 부담한 지급 거절(차지백)",
        ZH: "由平台承担的拒付",
    },
    "convert": {EN: "Converted", KO: "환전", ZH: "货币兑换"},
}
CLASSES: Final[Words] = {
    "held": {EN: "Held funds", KO: "보관 대금", ZH: "托管资金"},
    "payable": {EN: "Another party", KO: "다른 당사자", ZH: "其他方"},
    "commission": {EN: "Commission", KO: "수수료", ZH: "佣金"},
    "tax": {EN: "Tax", KO: "세금", ZH: "税款"},
    "transit": {EN: "Payout under way", KO: "지급 진행 중", ZH: "付款途中"},
    "unallocated": {EN: "Money to be allocated", KO: "미배정 입금", ZH: "待分配款项"},
    "world": {EN: "Outside the platform", KO: "플랫폼 외부", ZH: "平台之外"},
    "expense": {EN: "Platform's expense", KO: "플랫폼 비용", ZH: "平台费用"},
    "loss": {EN: "Platform's loss", KO: "플랫폼 손실", ZH: "平台损失"},
}
