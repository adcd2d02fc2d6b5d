"""One thing as JSON, CSV or PDF, in a language: what a caller asks for, by query or by headers."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Final

from fastapi import Depends, Header, Query, Response

_ANY: Final = frozenset({"*", "*/*"})
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class Language(StrEnum):
    """What documents are written in."""

    KOREAN = "ko"
    CHINESE = "zh"
    ENGLISH = "en"


class DocumentFormat(StrEnum):
    JSON = "json"
    PDF = "pdf"


class TableFormat(StrEnum):
    JSON = "json"
    CSV = "csv"
    PDF = "pdf"


MEDIA_TYPES: Final = {"json": "application/json", "csv": "text/csv", "pdf": "application/pdf"}
_FORMATS: Final = {media_type: name for name, media_type in MEDIA_TYPES.items()}

Wish = Annotated[str, Header(include_in_schema=False)]


def preferred(header: str, offered: Sequence[str]) -> str | None:
    """What of the offered a header such as `text/csv, application/json;q=0.5` likes best.

    `text/*` stands for any text, and `zh-TW` for `zh`. None when it names nothing that is offered.
    """
    for wanted in _by_quality(header):
        found = next((value for value in offered if _means(wanted, value)), None)
        if found is not None:
            return found
    return None


def _by_quality(header: str) -> list[str]:
    """The values of a header, best first; one with a quality of 0 is left out."""
    wishes = []
    for part in header.lower().split(",")[:32]:
        value, _, parameters = part.partition(";")
        wishes.append((_quality(parameters), value.strip()))
    wishes.sort(key=lambda wish: -wish[0])
    return [value for quality, value in wishes if quality > 0 and value]


def _quality(parameters: str) -> float:
    name, _, value = parameters.partition(";")[0].partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0


def _means(wanted: str, value: str) -> bool:
    if wanted in _ANY or wanted == value:
        return True
    if wanted.endswith("/*"):
        return value.startswith(wanted[:-1])
    return "/" not in value and wanted.partition("-")[0] == value


async def _language(
    language: Annotated[
        Language | None, Query(description="left out: as Accept-Language says, else English")
    ] = None,
    accept_language: Wish = "",
) -> Language:
    return language or Language(preferred(accept_language, list(Language)) or Language.ENGLISH)


async def _document_format(
    format: Annotated[  # noqa: A002 - the name of the query's parameter
        DocumentFormat | None, Query(description="left out: as Accept says, else JSON")
    ] = None,
    accept: Wish = "",
) -> DocumentFormat:
    if format:
        return format
    offered = [MEDIA_TYPES[name] for name in DocumentFormat]
    return DocumentFormat(_FORMATS[preferred(accept, offered) or offered[0]])


async def _table_format(
    format: Annotated[  # noqa: A002 - likewise
        TableFormat | None, Query(description="left out: as Accept says, else JSON")
    ] = None,
    accept: Wish = "",
) -> TableFormat:
    if format:
        return format
    offered = [MEDIA_TYPES[name] for name in TableFormat]
    return TableFormat(_FORMATS[preferred(accept, offered) or offered[0]])


ReadIn = Annotated[Language, Depends(_language)]
AsDocument = Annotated[DocumentFormat, Depends(_document_format)]
AsTable = Annotated[TableFormat, Depends(_table_format)]

PDF_CONTENT: Final = {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}
CSV_CONTENT: Final = {"text/csv": {"schema": {"type": "string"}}}


def attachment(name: str) -> dict[str, str]:
    """The headers of a file to keep, under a name of ours."""
    return {
        "content-disposition": f'attachment; filename="{name}"',
        "vary": "accept, accept-language",
    }


def pdf_answer(content: bytes, name: str) -> Response:
    return Response(content, media_type=MEDIA_TYPES["pdf"], headers=attachment(f"{name}.pdf"))


def safe_cell(text: str) -> str:
    """A text for a CSV that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
