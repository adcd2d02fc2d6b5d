"""A licence's terms in words, in the languages of the agreements."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from marketplace.deals.wording import NOTHING, money, percent
from marketplace.kernel.money import major_text
from marketplace.listings.deal_types import LicenceKind
from marketplace.listings.licensing.terms import (
    COUNTED,
    Act,
    BaseKind,
    Deduction,
    LicenceTerms,
    ProductBasis,
    Rate,
    RoyaltyTerms,
    TierMode,
)

_INDENT: Final = "\n             "


@dataclass(frozen=True, slots=True)
class Words:
    """Phrases with named places, and names of what can be chosen."""

    labels: tuple[str, ...]
    kinds: Mapping[LicenceKind, str]
    acts: Mapping[Act, str]
    bases: Mapping[BaseKind, str]
    deductions: Mapping[Deduction, str]
    products: Mapping[ProductBasis, str]
    modes: Mapping[TierMode, str]
    months: str
    every: str
    yes: str
    no: str
    tier: str
    rest: str
    piece: str
    net_of: str
    minimum: str
    annual_cap: str
    total_cap: str
    stacking: str
    advance: str
    reports: str
    audit: str


K, B, D = LicenceKind, BaseKind, Deduction

WORDS: Final = {
    "en": Words(
        labels=(
            "Kind",
            "Claims",
            "Territory",
            "Field",
            "Acts",
            "Term",
            "Pieces",
            "Sub-licences",
            "Royalty",
        ),
        kinds={
            K.REGISTERED_EXCLUSIVE: "registered exclusive licence (effective by registration)",
            K.EXCLUSIVE: "exclusive licence: nobody else, the licensor included",
            K.SOLE: "sole licence: nobody else but the licensor",
            K.NON_EXCLUSIVE: "non-exclusive licence",
            K.OPEN: "open licence on published terms (non-exclusive)",
        },
        acts={
            Act.MAKE: "make",
            Act.USE: "use",
            Act.SELL: "sell",
            Act.OFFER: "offer",
            Act.IMPORT: "import",
            Act.EXPORT: "export",
        },
        bases={
            B.NET_SALES: "net sales",
            B.GROSS_SALES: "gross sales",
            B.PROFIT: "profit",
            B.UNITS: "pieces",
            B.MINUTES: "minutes",
        },
        deductions={D.RETURNS: "returns", D.FREIGHT: "freight", D.TAXES: "taxes"},
        products={
            ProductBasis.ENTIRE_PRODUCT: "of the entire product",
            ProductBasis.SMALLEST_UNIT: "of the smallest saleable unit",
        },
        modes={
            TierMode.MARGINAL: "each rate on its own tier only",
            TierMode.CLIFF: "the rate of the tier reached on all of the year",
        },
        months="{months} months from its effect",
        every="all",
        yes="allowed within this scope, and ending with it",
        no="not allowed",
        tier="up to {up_to}: {rate}",
        rest="beyond: {rate}",
        piece="{amount} for each",
        net_of="net of {deductions}",
        minimum="at least {amount} a year, in proportion in a partial year",
        annual_cap="at most {amount} a year",
        total_cap="at most {amount} in all",
        stacking="lowered by {offset} of what others are paid, not below {floor}",
        advance="the price is credited against royalties",
        reports="reported every {months} months, and paid within {days} days after",
        audit="an under-report above {threshold} of what is due makes the licensee bear its audit",
    ),
    "ko": Words(
        labels=(
            "종류",
            "청구항",
            "지역",
            "분야",
            "행위",
            "기간",
            "수량",
            "재실시",
            "실시료",
        ),
        kinds={
            K.REGISTERED_EXCLUSIVE: "전용실시권 (등록하여야 효력 발생)",
            K.EXCLUSIVE: "독점적 통상실시권 (권리자도 실시하지 아니함)",
            K.SOLE: "단독 통상실시권 (권리자만 함께 실시)",
            K.NON_EXCLUSIVE: "통상실시권",
            K.OPEN: "공개 조건에 의한 통상실시권",
        },
        acts={
            Act.MAKE: "생산",
            Act.USE: "사용",
            Act.SELL: "양도",
            Act.OFFER: "청약",
            Act.IMPORT: "수입",
            Act.EXPORT: "수출",
        },
        bases={
            B.NET_SALES: "순매출액",
            B.GROSS_SALES: "총매출액",
            B.PROFIT: "이익",
            B.UNITS: "수량",
            B.MINUTES: "분",
        },
        deductions={D.RETURNS: "반품", D.FREIGHT: "운송비", D.TAXES: "세금"},
        products={
            ProductBasis.ENTIRE_PRODUCT: "완제품 기준",
            ProductBasis.SMALLEST_UNIT: "최소 판매 단위 기준",
        },
        modes={
            TierMode.MARGINAL: "구간별로 해당 부분에만 그 요율을 적용",
            TierMode.CLIFF: "도달한 구간의 요율을 그해 전체에 적용",
        },
        months="효력 발생일부터 {months}개월",
        every="전부",
        yes="이 범위 안에서 허용하며 이 실시권과 함께 소멸",
        no="허용하지 아니함",
        tier="{up_to}까지: {rate}",
        rest="초과분: {rate}",
        piece="단위당 {amount}",
        net_of="공제: {deductions}",
        minimum="연간 최저 {amount} (1년 미만은 일할)",
        annual_cap="연간 최고 {amount}",
        total_cap="총액 최고 {amount}",
        stacking="제3자 실시료율의 {offset}만큼 감액하되 {floor} 이상",
        advance="대금은 실시료에 충당",
        reports="{months}개월마다 보고하고 {days}일 안에 지급",
        audit="과소 보고가 정당한 금액의 {threshold}를 넘으면 실시권자가 감사 비용을 부담",
    ),
    "zh": Words(
        labels=(
            "种类",
            "权利要求",
            "地域",
            "领域",
            "行为",
            "期限",
            "数量",
            "分许可",
            "许可费",
        ),
        kinds={
            K.REGISTERED_EXCLUSIVE: "专用实施权（经登记生效）",
            K.EXCLUSIVE: "独占许可（许可人亦不得实施）",
            K.SOLE: "排他许可（许可人可自行实施）",
            K.NON_EXCLUSIVE: "普通许可",
            K.OPEN: "开放许可（按公布条件的普通许可）",
        },
        acts={
            Act.MAKE: "制造",
            Act.USE: "使用",
            Act.SELL: "销售",
            Act.OFFER: "许诺销售",
            Act.IMPORT: "进口",
            Act.EXPORT: "出口",
        },
        bases={
            B.NET_SALES: "净销售额",
            B.GROSS_SALES: "总销售额",
            B.PROFIT: "利润",
            B.UNITS: "件数",
            B.MINUTES: "分钟",
        },
        deductions={D.RETURNS: "退货", D.FREIGHT: "运费", D.TAXES: "税款"},
        products={
            ProductBasis.ENTIRE_PRODUCT: "以整机计",
            ProductBasis.SMALLEST_UNIT: "以最小可销售单元计",
        },
        modes={
            TierMode.MARGINAL: "各档费率仅适用于该档部分",
            TierMode.CLIFF: "所达档次的费率适用于全年",
        },
        months="自生效之日起 {months} 个月",
        every="全部",
        yes="可在本范围内分许可，并随本许可终止",
        no="不得分许可",
        tier="至 {up_to}：{rate}",
        rest="超出部分：{rate}",
        piece="每件 {amount}",
        net_of="扣除{deductions}",
        minimum="每年不少于 {amount}（不足一年按日计）",
        annual_cap="每年不超过 {amount}",
        total_cap="总计不超过 {amount}",
        stacking="按支付第三方费率的 {offset} 减少，但不低于 {floor}",
        advance="价款抵充许可费",
        reports="每 {months} 个月报告，并于其后 {days} 日内支付",
        audit="少报超过应付额 {threshold} 的，审计费用由被许可人承担",
    ),
}


def licence_lines(language: str, terms: LicenceTerms, currency: str) -> str:
    """Every term of a licence, one a line."""
    words = WORDS[language]
    values = (
        words.kinds[terms.kind],
        ", ".join(map(str, terms.claims)) or words.every,
        ", ".join(terms.territories),
        ", ".join([*terms.fields, *([terms.field_text] if terms.field_text else [])])
        or words.every,
        ", ".join(words.acts[act] for act in terms.acts),
        words.months.format(months=terms.term_months),
        str(terms.quantity_cap or NOTHING),
        words.yes if terms.sublicensable else words.no,
        _INDENT.join(_royalty(words, terms.royalty, currency)) if terms.royalty else NOTHING,
    )
    pairs = zip(words.labels, values, strict=True)
    return "\n".join(f"  {label}: {value}" for label, value in pairs)


def _royalty(words: Words, terms: RoyaltyTerms, currency: str) -> list[str]:
    counted = terms.base in COUNTED

    def amount(minor: int) -> str:
        return money(minor, currency)

    def rate(of: Rate) -> str:
        exact = of.exact()
        if counted:
            return words.piece.format(amount=f"{_major(of, currency)} {currency}")
        points = exact * 10_000
        return percent(int(points)) if points.denominator == 1 else f"{exact}"

    found = [f"{words.bases[terms.base]} {words.products[terms.product_basis]}"]
    if terms.deductions:
        named = ", ".join(words.deductions[name] for name in terms.deductions)
        found.append(words.net_of.format(deductions=named))
    for tier in terms.tiers:
        up_to = None if tier.up_to is None else tier.up_to
        reached = "" if up_to is None else (str(up_to) if counted else amount(up_to))
        phrase = words.rest if up_to is None else words.tier
        found.append(phrase.format(up_to=reached, rate=rate(tier.rate)))
    if len(terms.tiers) > 1:
        found.append(words.modes[terms.tier_mode])
    found += _limits(words, terms, currency)
    if terms.stacking:
        offset = percent(terms.stacking.offset_basis_points)
        found.append(words.stacking.format(offset=offset, floor=rate(terms.stacking.floor)))
    return found


def _major(rate: Rate, currency: str) -> str:
    whole, rest = divmod(rate.numerator, rate.denominator)
    exact = f" {rest}/{rate.denominator}" if rest else ""
    return major_text(whole, currency) + exact


def _limits(words: Words, terms: RoyaltyTerms, currency: str) -> list[str]:
    bounds = (
        (words.minimum, terms.minimum_annual_minor or None),
        (words.annual_cap, terms.annual_cap_minor),
        (words.total_cap, terms.total_cap_minor),
    )
    found = [p.format(amount=money(minor, currency)) for p, minor in bounds if minor is not None]
    if terms.advance_creditable:
        found.append(words.advance)
    found.append(words.reports.format(months=terms.period_months, days=terms.due_days))
    found.append(words.audit.format(threshold=percent(terms.audit_threshold_basis_points)))
    return found
