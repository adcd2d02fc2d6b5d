"""XML from outside: no DTD, no entity, nothing external, and a limit on everything."""

import re
from typing import Final
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from marketplace.payments.providers.bank.errors import MalformedStatementError
from marketplace.payments.providers.bank.statement_values import decoded

DEPTH_MAX: Final = 32
ELEMENTS_MAX: Final = 600_000
NAMESPACE_LENGTH_MAX: Final = 200

_DECLARED_ENCODING: Final = re.compile(r"""\s*<\?xml[^>]*\sencoding\s*=\s*["']([^"']*)["']""")
_UTF_8: Final = frozenset({"utf-8", "utf8", "us-ascii"})


class _BoundedBuilder(TreeBuilder):
    """Builds elements named without their namespace, and refuses what no bank writes."""

    def __init__(self) -> None:
        super().__init__()
        self.root_namespace = ""
        self._depth = 0
        self._count = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        self._count += 1
        if self._depth > DEPTH_MAX or self._count > ELEMENTS_MAX:
            raise MalformedStatementError("the file: nested too deeply, or too many elements")
        namespace, _, name = tag.rpartition("}")
        if self._count == 1:
            self.root_namespace = namespace.removeprefix("{")
        return super().start(name, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag.rpartition("}")[2])

    def start_ns(self, _prefix: str, uri: str, /) -> None:
        """Bound the namespace, since the parser copies it once for every element in it."""
        if len(uri) > NAMESPACE_LENGTH_MAX:
            raise MalformedStatementError("the file: a namespace is too long")


def read_xml(content: bytes) -> tuple[Element, str]:
    """Read untrusted UTF-8 XML into elements without namespaces.

    Returns:
        the root, and the namespace of the root (empty when it has none).

    Raises:
        MalformedStatementError: not well-formed, not UTF-8, a DTD, or over a limit; where the
            parser knows it, the message names the line.
    """
    _require_utf_8(content)
    builder = _BoundedBuilder()
    parser = DefusedXMLParser(target=builder, forbid_dtd=True)
    try:
        parser.feed(content)
        root: Element = parser.close()
    except DefusedXmlException as error:
        raise MalformedStatementError("the file: a DTD or an entity is not allowed") from error
    except ParseError as error:
        raise MalformedStatementError(f"line {error.position[0]}: {error}") from error
    return root, builder.root_namespace


def _require_utf_8(content: bytes) -> None:
    declared = _DECLARED_ENCODING.match(decoded(content))
    if declared and declared.group(1).lower() not in _UTF_8:
        raise MalformedStatementError("line 1: not UTF-8; ask the bank for the file in UTF-8")
