"""How much is measured: sizes of the data, rounds and their length."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """The small size first, the large one last; each round lasts `seconds`."""

    listings: tuple[int, ...] = (100_000, 1_000_000)
    deals: tuple[int, ...] = (10_000, 5_000_000)
    rounds: int = 5
    seconds: int = 5
