from datetime import UTC, datetime

from marketplace.kernel.clock import ShiftedClock


class StoppedClock(ShiftedClock):
    """A clock that stands still but for its offset: a slow machine loses no second of a wait."""

    def __init__(self) -> None:
        super().__init__()
        self._stopped_at = datetime.now(UTC)

    def now(self) -> datetime:
        return self._stopped_at + self.offset
