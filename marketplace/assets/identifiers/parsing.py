from collections.abc import Sequence
from typing import Final, TypeAlias

from marketplace.assets.identifiers.document import DocumentClass, Identifier
from marketplace.assets.identifiers.errors import InvalidIdentifierError
from marketplace.assets.identifiers.forms import Form, Reading
from marketplace.assets.identifiers.registry import FORMS, forms_of, readings, split_office
from marketplace.assets.identifiers.st3 import OFFICES
from marketplace.assets.identifiers.text import INPUT_LENGTH_MAX, clean, quoted
from marketplace.assets.identifiers.words import without_words

_REGISTER_CLASSES: Final = frozenset({DocumentClass.GRANT, DocumentClass.REGISTRATION})

_Meaning: TypeAlias = tuple[str, Reading, DocumentClass]


def parse(
    raw: str, office: str | None = None, document_class: DocumentClass | None = None
) -> Identifier:
    """Read a number as a person or an office writes it. Never guesses.

    Args:
        raw: at most `INPUT_LENGTH_MAX` characters; full-width digits, spaces and case are levelled,
            and words such as 특허 제…호, 特願 and 专利号 are understood.
        office: ST.3 code; needed where the text does not begin with one and its form is not unique.
        document_class: needed where one form serves several documents. Grant and registration
            are one register: either names both, and the result has the one the office uses.

    Raises:
        InvalidIdentifierError: not a known form, ambiguous, contradicting `office` or
            `document_class`, or with a wrong check digit; the message says what to write.
    """
    given = None if office is None else _known_office(office)
    text, told = without_words(raw)
    document_class = _agreed_class(raw, told, document_class)
    stated, number = split_office(_cleaned(text, given))
    office = _agreed_office(raw, stated, given)
    found = list(readings(number, office))
    if not found:
        raise InvalidIdentifierError(f"{quoted(raw)} is not understood; {_advice(office)}")
    code, reading, meant_class = _only_meaning(raw, found, document_class)
    if reading.flaw:
        raise InvalidIdentifierError(f"{quoted(raw)} is not accepted: {reading.flaw}")
    return Identifier(
        raw=raw,
        display=reading.display,
        normalized=reading.normalized,
        office=code,
        document_class=meant_class,
        kind_code=reading.kind_code,
        right_kind=reading.right_kind,
        warnings=reading.warnings,
    )


def _known_office(given: str) -> str:
    office = clean(given)
    if office is None or office not in OFFICES:
        raise InvalidIdentifierError(
            f"{quoted(given)} is not an office; use its ST.3 code, such as KR, CN, EP or WO"
        )
    return office


def _cleaned(raw: str, office: str | None) -> str:
    text = clean(raw)
    if text is None:
        raise InvalidIdentifierError(
            f"{quoted(raw)} is not a number; use at most {INPUT_LENGTH_MAX} Latin letters, digits"
            f" and punctuation marks; {_advice(office)}"
        )
    return text


def _agreed_office(raw: str, stated: str | None, given: str | None) -> str | None:
    if stated and given and stated != given:
        raise InvalidIdentifierError(
            f"{quoted(raw)} is written as a number of {stated}, but the office given is {given};"
            " correct one of them"
        )
    return stated or given


def _agreed_class(
    raw: str, told: DocumentClass | None, given: DocumentClass | None
) -> DocumentClass | None:
    if told and given and not _same(told, given):
        raise InvalidIdentifierError(
            f"{quoted(raw)} is written as {_article(told)}, not {_article(given)}; correct the"
            " number or its document_class"
        )
    return given or told


def _only_meaning(
    raw: str, found: list[tuple[str, Reading]], wanted: DocumentClass | None
) -> _Meaning:
    meanings = [
        (office, reading, possible)
        for office, reading in found
        for possible in reading.document_classes
    ]
    suitable = [meaning for meaning in meanings if wanted is None or _same(meaning[2], wanted)]
    if not suitable:
        raise InvalidIdentifierError(
            f"{quoted(raw)} is {_choices(meanings)}, not {_article(wanted)}; correct the number or"
            " its document_class"
        )
    return suitable[0] if len(suitable) == 1 else _exact(raw, suitable, wanted)


def _exact(raw: str, suitable: list[_Meaning], wanted: DocumentClass | None) -> _Meaning:
    """Of several meanings, the only one of the very class asked for."""
    exact = [meaning for meaning in suitable if meaning[2] == wanted]
    if len(exact) == 1:
        return exact[0]
    offices = sorted({office for office, _, _ in suitable})
    missing = "document_class" if len(offices) == 1 else f"office: {' or '.join(offices)}"
    raise InvalidIdentifierError(f"{quoted(raw)} may be {_choices(suitable)}; give its {missing}")


def _same(one: DocumentClass, other: DocumentClass) -> bool:
    return one == other or {one, other} == _REGISTER_CLASSES


def _choices(meanings: Sequence[_Meaning]) -> str:
    """`an application or a publication of KR`."""
    by_office: dict[str, list[str]] = {}
    for office, _, meant in meanings:
        by_office.setdefault(office, []).append(_article(meant))
    return " or ".join(f"{' or '.join(named)} of {code}" for code, named in by_office.items())


def _article(document_class: DocumentClass | None) -> str:
    return (
        f"an {document_class}"
        if document_class == DocumentClass.APPLICATION
        else f"a {document_class}"
    )


def _advice(office: str | None) -> str:
    if office is not None:
        return f"{office} accepts for example: {_examples(forms_of(office))}"
    firsts = [forms[0] for forms in FORMS.values()]
    return f"begin with the office's code, or give it as office; examples: {_examples(firsts)}"


def _examples(forms: Sequence[Form]) -> str:
    return "; ".join(f"{form.example} ({form.meaning})" for form in forms)
