from dataclasses import dataclass, field
from enum import StrEnum


class DocumentClass(StrEnum):
    """What a number counts. One office uses the same digits for different documents."""

    APPLICATION = "application"
    PUBLICATION = "publication"
    GRANT = "grant"
    REGISTRATION = "registration"


class RegisteredRight(StrEnum):
    """The kind of right, where the number itself tells it."""

    PATENT = "patent"
    UTILITY_MODEL = "utility_model"
    DESIGN = "design"
    TRADEMARK = "trademark"


@dataclass(frozen=True, slots=True)
class Identifier:
    """A number of one document at one office. Two spellings of one number are equal.

    `office` is a WIPO ST.3 code. `normalized` is unique within `office` and `document_class`;
    it has no kind code, so the corrected publication A8 has the number of its A1.
    """

    raw: str = field(compare=False)
    display: str
    normalized: str
    office: str
    document_class: DocumentClass
    kind_code: str | None
    right_kind: RegisteredRight | None
    warnings: tuple[str, ...] = ()

    @property
    def unique_key(self) -> str:
        """For example `KR:grant:1015365360000`."""
        return f"{self.office}:{self.document_class}:{self.normalized}"
