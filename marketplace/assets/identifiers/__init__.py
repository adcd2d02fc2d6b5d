"""Numbers of applications, publications, grants and registrations, and classification symbols.

Pure: no database, no clock, no network. One module per office declares the written forms of its
numbers; `parse` matches a text against them and refuses whatever it would have to guess.
"""

from marketplace.assets.identifiers.classification import Classification, parse_ipc
from marketplace.assets.identifiers.document import DocumentClass, Identifier, RegisteredRight
from marketplace.assets.identifiers.errors import (
    InvalidClassificationError,
    InvalidIdentifierError,
)
from marketplace.assets.identifiers.granting import is_granted
from marketplace.assets.identifiers.parsing import parse
from marketplace.assets.identifiers.publications import normalize_publication
from marketplace.assets.identifiers.text import INPUT_LENGTH_MAX

__all__ = [
    "INPUT_LENGTH_MAX",
    "Classification",
    "DocumentClass",
    "Identifier",
    "InvalidClassificationError",
    "InvalidIdentifierError",
    "RegisteredRight",
    "is_granted",
    "normalize_publication",
    "parse",
    "parse_ipc",
]
