"""What an office's module declares: the written forms of its numbers."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from marketplace.assets.identifiers.document import DocumentClass, RegisteredRight


@dataclass(frozen=True, slots=True)
class Reading:
    """One understanding of a text. Several `document_classes` mean that the text does not tell.

    `docdb` is the number as the EPO's DOCDB writes it, if it has one there. A `flaw` refuses the
    number with that advice, once it is clear that this reading is the one meant.
    """

    document_classes: tuple[DocumentClass, ...]
    normalized: str
    display: str
    kind_code: str | None = None
    right_kind: RegisteredRight | None = None
    docdb: str | None = None
    warnings: tuple[str, ...] = ()
    flaw: str | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """A pattern over the text without its office code; None from `read` means: not this form.

    `bare` forms are recognised without an office code, because no other office writes so.
    """

    example: str
    meaning: str
    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], Reading | None]
    bare: bool = False


def with_kind(number: str, kind_code: str | None) -> str:
    """`KR 10-1536536` and `B1` → `KR 10-1536536 B1`."""
    return f"{number} {kind_code}" if kind_code else number
