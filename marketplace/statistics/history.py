"""Published history: somebody's printed figures, kept as printed and flagged where they err."""

import hashlib
import re
from datetime import date
from itertools import pairwise
from typing import Annotated, Final

from pydantic import BaseModel, Field, StringConstraints, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.kernel.db import now
from marketplace.kernel.errors import ConflictError, UnprocessableError
from marketplace.kernel.events import publish
from marketplace.kernel.money import AMOUNT_MINOR_MAX, minor_digits
from marketplace.kernel.schemas import Currency, ShortText
from marketplace.statistics.models import PublishedFigure, PublishedSeries
from marketplace.statistics.overlaps import Span, lock_series, require_uncounted

_UNIT: Final = re.compile(r"([0-9][0-9,]{0,14}) ?([A-Z]{3})")
Count = Annotated[int, Field(ge=0, le=10**9, strict=True)]
PrintedAmount = Annotated[int, Field(ge=0, le=10**12, strict=True)]


class MalformedHistoryError(UnprocessableError):
    code = "malformed_history"
    title = "This is not a file of published figures"


class HistoryDiffersError(ConflictError):
    code = "history_differs"
    title = "Other figures of this source and date are loaded; a correction has a new as-of date"


class _Period(BaseModel):
    label: ShortText
    begins: date = Field(alias="from")
    ends: date = Field(alias="to")
    transactions: Count
    amount: PrintedAmount | None = Field(description="null: undisclosed, which is not zero")


class _Total(BaseModel):
    transactions: Count
    amount: PrintedAmount


class _History(BaseModel):
    source: ShortText
    unit: Annotated[str, StringConstraints(max_length=30)]
    currency: Currency
    as_of: date
    periods: Annotated[list[_Period], Field(min_length=1, max_length=1_000)]
    cumulative: _Total | None = None


async def import_history(
    session: AsyncSession, content: bytes, *, time_zone: str
) -> PublishedSeries:
    """Load a file of published figures; loading it again changes nothing.

    A printed total that its parts do not give is kept as printed, with what the parts give: a
    total is never derived from printed parts, nor a part from a printed total. An amount of null
    is undisclosed, which is not zero.

    Raises:
        MalformedHistoryError: not such a file; nothing was stored.
        HistoryDiffersError: the same source and date were loaded with other figures.
        HistoryOverlapsError: another source, or the ledger in days of `time_zone`, has the period.
    """
    history = _read(content)
    unit_minor = _unit_minor(history)
    sha256 = hashlib.sha256(content).hexdigest()
    await lock_series(session)
    query = select(PublishedSeries).where(
        col(PublishedSeries.source) == history.source, col(PublishedSeries.as_of) == history.as_of
    )
    known = (await session.execute(query)).scalar_one_or_none()
    if known is not None:
        if known.sha256 != sha256:
            raise HistoryDiffersError
        return known
    spans = [Span(period.label, period.begins, period.ends) for period in history.periods]
    await require_uncounted(
        session, spans, source=history.source, currency=history.currency, time_zone=time_zone
    )
    return await _store(session, history, unit_minor, sha256)


def _read(content: bytes) -> _History:
    try:
        history = _History.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise MalformedHistoryError(f"{place or 'file'}: {first['msg']}") from error
    ordered = sorted(history.periods, key=lambda period: period.begins)
    for earlier, later in pairwise(ordered):
        if earlier.ends > later.begins:
            raise MalformedHistoryError(f"{earlier.label!r} and {later.label!r} overlap")
    if any(period.ends <= period.begins for period in ordered):
        raise MalformedHistoryError("a period ends before it begins")
    return history


def _unit_minor(history: _History) -> int:
    found = _UNIT.fullmatch(history.unit)
    if found is None or found[2] != history.currency:
        raise MalformedHistoryError(f"unit {history.unit!r}: write for example '10,000 KRW'")
    unit_minor: int = int(found[1].replace(",", "")) * 10 ** minor_digits(history.currency)
    printed = [period.amount or 0 for period in history.periods]
    printed += [history.cumulative.amount] if history.cumulative else []
    says_nothing = not any(printed) and all(p.amount is not None for p in history.periods)
    if says_nothing or not 0 <= unit_minor * max(printed) <= AMOUNT_MINOR_MAX or not unit_minor:
        raise MalformedHistoryError("the amounts are zero or too large in this unit")
    return unit_minor


async def _store(
    session: AsyncSession, history: _History, unit_minor: int, sha256: str
) -> PublishedSeries:
    total = history.cumulative
    known = [period.amount for period in history.periods if period.amount is not None]
    series = PublishedSeries(
        created_at=now(session),
        source=history.source,
        as_of=history.as_of,
        currency=history.currency,
        unit_minor=unit_minor,
        sha256=sha256,
        printed_deals=total.transactions if total else None,
        printed_amount_minor=total.amount * unit_minor if total else None,
        parts_deals=sum(period.transactions for period in history.periods),
        parts_amount_minor=sum(known) * unit_minor if known else None,
    )
    session.add(series)
    await session.flush()
    session.add_all(
        PublishedFigure(
            created_at=now(session),
            series_id=series.id,
            label=period.label,
            period_from=period.begins,
            period_until=period.ends,
            deals=period.transactions,
            amount_minor=None if period.amount is None else period.amount * unit_minor,
        )
        for period in history.periods
    )
    data = {"source": series.source, "as_of": series.as_of, "sha256": sha256}
    subject = f"published_series:{series.id}"
    publish(session, "published_series.import", subject=subject, actor="command_line", data=data)
    await session.flush()
    return series
