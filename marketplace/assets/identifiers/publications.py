from marketplace.assets.identifiers.registry import readings, split_office
from marketplace.assets.identifiers.text import clean


def normalize_publication(text: str) -> str | None:
    """The number of a publication, grant or PCT application as citations are matched: DOCDB style.

    `WO0198623A1` → `WO2001098623A1`, `JP8-179521` → `JPH08179521`, `US 6,147,451 A` → `US6147451A`.
    The text must begin with its office. None where it is not understood, or in more than one way.
    """
    cleaned = clean(text)
    if cleaned is None:
        return None
    office, number = split_office(cleaned)
    if office is None:
        return None
    documents = {reading.docdb for _, reading in readings(number, office) if reading.docdb}
    return documents.pop() if len(documents) == 1 else None
