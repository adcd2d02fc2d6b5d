"""What a report says on paper: names as words, money as money, rates as per cent."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from marketplace.kernel.money import grouped_text
from marketplace.valuation.library.working import Unit

MONEY_END: Final = "_minor"
RATES: Final = ("rate", "growth", "premium", "share", "margin", "free", "yield", "volatility")
"""How names of inputs end that are read in per cent."""
WORDS: Final = {
    "end_year": "at the end of each year",
    "mid_year": "in the middle of each year",
    "monte_carlo": "Monte Carlo",
    "ipc": "IPC",
}
TOLD_ELSEWHERE: Final = frozenset({"method", "purpose", "base_date", "currency"})


def words(name: str) -> str:
    """`relief_from_royalty` → `relief from royalty`."""
    return WORDS.get(name, name.replace("_", " "))


def title(name: str) -> str:
    said = words(name)
    return said[:1].upper() + said[1:]


def money(amount: Mapping[str, Any]) -> str:
    return f"{grouped_text(amount['amount_minor'], amount['currency'])} {amount['currency']}"


def quantity(found: Mapping[str, Any]) -> str:
    """A result: money, or a number with its unit."""
    return money(found["amount"]) if found["amount"] else number(found["number"], found["unit"], "")


def number(value: float, unit: str, currency: str) -> str:
    """One number of a calculation; money without its currency, which stands beside."""
    if unit == Unit.MONEY:
        return grouped_text(round(value), currency)
    return percent(value) if unit == Unit.FRACTION else f"{value:,.6g}"


def percent(value: float) -> str:
    return f"{value * 100:.6g} %"


def inputs(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Everything that a calculation was given or took by default, but what is told elsewhere."""
    currency = str(said.get("currency") or "")
    for name, value in said.items():
        if name not in TOLD_ELSEWHERE and value not in (None, [], {}):
            yield title(name.removesuffix(MONEY_END)), _given(name, value, currency)


def _given(name: str, value: Any, currency: str) -> str:
    if isinstance(value, Mapping):
        return ", ".join(_parts(name, value, currency))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "; ".join(_given(name, one, currency) for one in value)
    if isinstance(value, str | bool):
        return words(str(value))
    if name.endswith(MONEY_END):
        return f"{grouped_text(value, currency)} {currency}"
    return percent(value) if name.endswith(RATES) else f"{value:,.6g}"


def _parts(name: str, value: Mapping[str, Any], currency: str) -> Iterator[str]:
    """The ends of a spread are read as the input is that they are of."""
    is_spread = {"low", "high"} <= value.keys()
    for key, one in value.items():
        if one is not None:
            said = _given(name if is_spread else key, one, currency)
            yield f"{words(key.removesuffix(MONEY_END))} {said}"
