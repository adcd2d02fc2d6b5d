"""The agreement's lines about money that depend on the deal, in the languages of its texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from marketplace.deals.brokers.schemas import BrokerRead
from marketplace.deals.mandates.models import Side
from marketplace.deals.parts.models import DealPart
from marketplace.deals.payees.schemas import PayeeRead
from marketplace.kernel.money import major_text
from marketplace.listings.models import Listing

NOTHING: Final = "-"
INDENT: Final = "\n           "


@dataclass(frozen=True, slots=True)
class Wording:
    """Phrases with named places."""

    vat: str
    commission_vat: str
    payee: str
    dated_part: str
    milestone_part: str
    before: str
    after: str
    withheld: str
    broker: str
    sides: Mapping[Side, str]
    dual_agency: str


WORDINGS: Final = {
    "en": Wording(
        vat="{vat}, to be paid on top of the price: {total} in all",
        commission_vat=", plus {rate} VAT on it,",
        payee="{share} of the price to {name} ({role}, {id})",
        dated_part="{number}. {amount}, due {days} days after both signatures, {when}",
        milestone_part="{number}. {amount}, due when confirmed: {milestone}, {when}",
        before="before the transfer is filed",
        after="after the transfer",
        withheld="withholding tax by the law of the day of payment is kept back",
        broker="{amount} of the price to {name}, broker of the {side}, for {share} of the"
        " contribution at {rate} ({id})",
        sides={Side.SELL: "seller", Side.BUY: "buyer"},
        dual_agency="a broker, or its group, acts for both sides; each of them consents to that"
        " by a record of its own that names this text",
    ),
    "ko": Wording(
        vat="{vat} (대금에 더하여 지급하며, 합계 {total})",
        commission_vat=" 및 그에 대한 부가가치세 {rate}",
        payee="대금의 {share}: {name} ({role}, {id})",
        dated_part="{number}. {amount}, 쌍방 서명 후 {days}일에 지급, {when}",
        milestone_part="{number}. {amount}, 다음이 확인된 때 지급: {milestone}, {when}",
        before="이전등록 신청 전",
        after="이전 후",
        withheld="지급일의 법령에 따라 원천징수한다",
        broker="대금 중 {amount}: {side} 측 중개인 {name}, 요율 {rate}의 기여분 {share} ({id})",
        sides={Side.SELL: "매도인", Side.BUY: "매수인"},
        dual_agency="한 중개인 또는 그 계열이 쌍방을 대리하며, 쌍방은 이 문서를 특정한 별도의"
        " 기록으로 이에 동의한다",
    ),
    "zh": Wording(
        vat="{vat}（在价款之外支付，合计 {total}）",
        commission_vat="，另加 {rate} 增值税",
        payee="价款的 {share}：{name}（{role}，{id}）",
        dated_part="{number}. {amount}，双方签署后第 {days} 日到期，{when}",
        milestone_part="{number}. {amount}，下列事项经确认时到期：{milestone}，{when}",
        before="申请转让登记之前",
        after="转让之后",
        withheld="按付款日的法律代扣税款",
        broker="价款中 {amount} 归{side}经纪人 {name}，费率 {rate}，贡献份额 {share}（{id}）",
        sides={Side.SELL: "卖方", Side.BUY: "买方"},
        dual_agency="同一经纪人或其关联集团代理双方；双方各以指明本文本的单独记录表示同意",
    ),
}


def language_of(listing: Listing) -> str:
    """The language in which an agreement is drawn up: the listing's where there is a text in it."""
    return listing.language if listing.language in WORDINGS else "en"


def money(amount_minor: int, currency: str) -> str:
    return f"{major_text(amount_minor, currency)} {currency}"


def percent(basis_points: int) -> str:
    return f"{basis_points // 100}.{basis_points % 100:02} %"


def vat_line(words: Wording, price_minor: int, vat_minor: int, currency: str) -> str:
    if not vat_minor:
        return NOTHING
    total = money(price_minor + vat_minor, currency)
    return words.vat.format(vat=money(vat_minor, currency), total=total)


def broker_lines(words: Wording, brokers: Sequence[BrokerRead], *, dual_agency: bool) -> list[str]:
    """Who brokered the deal for whom and gets how much of the price, and whether for both."""
    lines = [
        words.broker.format(
            amount=money(broker.commission.amount_minor, broker.commission.currency),
            name=broker.name,
            side=words.sides[broker.side],
            share=f"{broker.share.numerator}/{broker.share.denominator}",
            rate=parts_per_million(broker.commission_ppm),
            id=broker.organisation_id,
        )
        for broker in brokers
    ]
    return [*lines, *([words.dual_agency] if dual_agency else [])]


def parts_per_million(ppm: int) -> str:
    return f"{ppm // 10_000}.{ppm % 10_000:04} %"


def payee_lines(
    words: Wording, payees: Sequence[PayeeRead], brokers: Sequence[str], *, withholds: bool
) -> str:
    lines = [
        words.payee.format(
            share=f"{payee.share.numerator}/{payee.share.denominator}",
            name=payee.name,
            role=payee.role,
            id=payee.organisation_id,
        )
        for payee in payees
    ]
    withheld = [words.withheld] if withholds else []
    return INDENT.join([*lines, *withheld, *brokers]) or NOTHING


def part_lines(words: Wording, parts: Sequence[DealPart]) -> str:
    return INDENT.join(_part(words, part) for part in parts) or NOTHING


def _part(words: Wording, part: DealPart) -> str:
    phrase = words.dated_part if part.milestone is None else words.milestone_part
    return phrase.format(
        number=part.number,
        amount=money(part.amount_minor, part.currency),
        days=part.after_days,
        milestone=part.milestone,
        when=words.before if part.before_transfer else words.after,
    )
