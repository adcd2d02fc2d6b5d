"""What registers' codes mean: rows of a table, loaded from a file, never code."""

import csv
import io
from collections.abc import Mapping
from typing import Final

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.assets.models import LegalEventKind
from marketplace.assets.register.errors import MalformedFactsError
from marketplace.assets.register.models import EventCode
from marketplace.assets.register.schemas import CodeLine
from marketplace.kernel.db import now
from marketplace.settings import first_problem

ANY_OFFICE: Final = "*"
_ST27_PARTS: Final = 7
Meanings = Mapping[tuple[str, str], LegalEventKind]


async def meanings_of(session: AsyncSession, scheme: str) -> Meanings:
    """What the codes of a scheme mean, by office and code."""
    query = select(EventCode).where(col(EventCode.scheme) == scheme).limit(10_000)
    rows = (await session.execute(query)).scalars()
    return {(row.office, row.code): row.kind for row in rows}


def meaning_of(meanings: Meanings, office: str, code: str) -> LegalEventKind | None:
    """The kind of event that a code stands for; None when the table does not have it.

    A code of WIPO ST.27, state-previous-current-key-detail-reserved-national, is looked up whole,
    then by its national part, then by key and detail, then by key.
    """
    parts = code.split("-")
    spellings = [code]
    if len(parts) == _ST27_PARTS:
        spellings += [parts[6], f"{parts[3]}-{parts[4]}", parts[3]]
    for spelling in spellings:
        for place in (office, ANY_OFFICE):
            if (place, spelling) in meanings:
                return meanings[place, spelling]
    return None


async def import_codes(session: AsyncSession, content: bytes) -> int:
    """Load a CSV with the columns of `CodeLine`; a code that is there gets the new meaning.

    Raises:
        MalformedFactsError: not such a file; nothing changed.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), strict=True))
        lines = [CodeLine.model_validate(row) for row in rows]
    except ValidationError as error:
        raise MalformedFactsError(first_problem(error)) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise MalformedFactsError(str(error)) from error
    for line in lines:
        query = select(EventCode).where(
            col(EventCode.scheme) == line.scheme,
            col(EventCode.office) == line.office,
            col(EventCode.code) == line.code,
        )
        row = (await session.execute(query)).scalar_one_or_none()
        if row is None:
            row = EventCode(created_at=now(session), **line.model_dump())
        row.kind, row.meaning = line.kind, line.meaning
        session.add(row)
        await session.flush()
    return len(lines)
