"""Units of published amounts: a power of ten of a currency's major unit, as `10000KRW`."""

import re
from dataclasses import dataclass
from typing import Final

from marketplace.kernel.errors import UnprocessableError
from marketplace.kernel.money import minor_digits

_UNIT: Final = re.compile(r"(1|10|100|1000|10000|100000|1000000|10000000|100000000)?([A-Z]{3})")
_LABELS: Final = {
    "KRW": {1: "원", 10_000: "만원", 100_000_000: "억원"},
    "CNY": {1: "元", 10_000: "万元", 100_000_000: "亿元"},
    "JPY": {1: "円", 10_000: "万円", 100_000_000: "億円"},
}


class UnknownUnitError(UnprocessableError):
    code = "unknown_unit"
    title = "A unit is a currency, or a power of ten up to 100000000 and a currency"


@dataclass(frozen=True, slots=True)
class Unit:
    code: str
    label: str
    currency: str
    minor: int
    """Minor units of the currency in one of this unit."""

    def rounded(self, amount_minor: int) -> int:
        """An exact sum in this unit, rounded half away from zero. Sum first, round last."""
        whole, rest = divmod(abs(amount_minor), self.minor)
        rounded = whole + (2 * rest >= self.minor)
        return -rounded if amount_minor < 0 else rounded


def read_unit(code: str) -> Unit:
    """Read a unit such as `KRW`, `10000KRW` or `1000USD`.

    Raises:
        UnknownUnitError, UnknownCurrencyError: no such unit or currency.
    """
    found = _UNIT.fullmatch(code)
    if found is None:
        raise UnknownUnitError(f"{code[:20]!r}: write for example KRW or 10000KRW")
    factor, currency = int(found[1] or 1), found[2]
    label = _LABELS.get(currency, {}).get(factor) or f"{factor:,} {currency}".removeprefix("1 ")
    return Unit(code, label, currency, factor * 10 ** minor_digits(currency))
