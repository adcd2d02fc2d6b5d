"""The words of the register of encumbrances: what can burden a right, and what can be done to it.

Pure: no database, no clock.
"""

from enum import IntFlag, StrEnum
from typing import Final


class EncumbranceKind(StrEnum):
    """What burdens a right (DOMAIN B1, D)."""

    PLEDGE = "pledge"
    REGISTERED_EXCLUSIVE = "registered_exclusive"
    EXCLUSIVE = "exclusive"
    SOLE = "sole"
    NON_EXCLUSIVE = "non_exclusive"
    OPEN_LICENCE = "open_licence"
    OPTION = "option"
    ATTACHMENT = "attachment"
    TRUST = "trust"


K = EncumbranceKind

CONSTITUTIVE: Final = frozenset({K.PLEDGE, K.REGISTERED_EXCLUSIVE, K.ATTACHMENT, K.TRUST})
"""What exists only by its registration; until then it waits, and keeps others away."""
BY_THE_OWNER: Final = frozenset(K) - {K.ATTACHMENT, K.TRUST}
"""What an owner may grant; the others come from the register alone."""
WITHOUT_HOLDER: Final = frozenset({K.OPEN_LICENCE})
"""An open licence is a statement to everybody."""
WHOLE: Final = frozenset({K.PLEDGE, K.ATTACHMENT, K.TRUST})
"""What always burdens the whole right."""


class Deed(StrEnum):
    """What is done to a right as a whole, beside granting one of the kinds above."""

    LIST = "list"
    SELL = "sell"
    TRANSFER = "transfer"
    SURRENDER = "surrender"
    WORK = "work"


Act = Deed | EncumbranceKind
"""Whatever can conflict with an encumbrance. Granting one is named by its kind."""
ACTS: Final[tuple[Act, ...]] = (
    Deed.LIST,
    Deed.SELL,
    Deed.TRANSFER,
    *K,
    Deed.SURRENDER,
    Deed.WORK,
)

SALE: Final = "sale"
"""Another deal that is under way over the right, as something that stands against an act."""


class Cloud(StrEnum):
    """What hangs over a right in force, as something that stands against an act."""

    FEES_DUE = "fees_due"
    CHALLENGED = "challenged"


class Use(IntFlag):
    """Ways to exploit an invention, each of which can be licensed by itself."""

    MAKE = 1
    USE = 2
    SELL = 4
    OFFER = 8
    IMPORT = 16
    EXPORT = 32


class UseName(StrEnum):
    MAKE = "make"
    USE = "use"
    SELL = "sell"
    OFFER = "offer"
    IMPORT = "import"
    EXPORT = "export"


EVERY_USE: Final = Use(63)
