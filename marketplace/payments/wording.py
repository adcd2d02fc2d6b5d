"""The words of documents: by name, in each language that they are written in."""

from collections.abc import Mapping
from typing import Final

from marketplace.kernel.representations import Language

EN: Final = Language.ENGLISH
KO: Final = Language.KOREAN
ZH: Final = Language.CHINESE
Words = Mapping[str, Mapping[Language, str]]


def words(table: Words, name: str, language: Language) -> str:
    """What a name means to a reader; one that is not in the table is shown as it is."""
    found = table.get(name)
    return found[language] if found else name.replace("_", " ")
