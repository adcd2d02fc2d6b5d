"""The cost approach: what it would take to have the same again."""

from numpy.typing import ArrayLike

from marketplace.valuation.library.working import (
    Line,
    Unit,
    Worked,
    numbers,
    require,
    require_share,
)


def indexed_cost(costs: ArrayLike, index_then: ArrayLike, index_now: ArrayLike) -> Worked:
    """Reproduction cost: what was spent, each at today's prices.

    Raises:
        ImpossibleInputError: a negative cost, or an index that is not above zero.
    """
    spent, then, now = numbers(costs), numbers(index_then), numbers(index_now)
    require(spent >= 0, "a cost is not negative")
    require((then > 0) & (now > 0), "a price index is above zero")
    today = spent * now / then
    return Worked(
        today.sum(axis=-1), Unit.MONEY, (Line("cost at today's prices", Unit.MONEY, today),)
    )


def replacement_cost(
    cost: ArrayLike, *, functional: ArrayLike, technological: ArrayLike, economic: ArrayLike
) -> Worked:
    """A cost less obsolescence, one after the other: C·(1-f)·(1-t)·(1-e), not C·(1-f-t-e).

    Raises:
        ImpossibleInputError: a negative cost, or an obsolescence beyond 0 to 1.
    """
    cost = numbers(cost)
    require(cost >= 0, "a cost is not negative")
    shares = {"functional": functional, "technological": technological, "economic": economic}
    value, lines = cost, []
    for name, share in shares.items():
        value = value * (1 - require_share(name, share))
        lines.append(Line(f"after {name} obsolescence", Unit.MONEY, value))
    return Worked(value, Unit.MONEY, tuple(lines))


def adjusted_reproduction(
    cost: ArrayLike, *, return_on_capital: ArrayLike, obsolescence: ArrayLike
) -> Worked:
    """Reproduction cost + cost × the industry's median return on total capital - obsolescence.

    The last is an amount of money: what was lost since completion.

    Raises:
        ImpossibleInputError: a negative cost or obsolescence, or more lost than there is.

    Sources: KIBO, KR 10-1536536.
    """
    cost, lost = numbers(cost), numbers(obsolescence)
    require((cost >= 0) & (lost >= 0), "a cost and an obsolescence are not negative")
    returned = cost * numbers(return_on_capital)
    require(cost + returned >= lost, "more cannot be lost than there is")
    line = Line("return on what it cost", Unit.MONEY, returned)
    return Worked(cost + returned - lost, Unit.MONEY, (line,))
