"""A certificate on paper. The same content always renders to the same bytes.

Korean, Chinese and Japanese are set in fonts that every reader of PDF has or replaces (CID fonts),
so no font is shipped.
"""

import hashlib
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import orjson
from joserfc import jws
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfgen.canvas import Canvas

from marketplace.kernel.money import minor_digits

_LATIN: Final = "Helvetica"
_BOLD: Final = "Helvetica-Bold"
_KOREAN: Final = "HYSMyeongJo-Medium"
_CHINESE: Final = "STSong-Light"
_JAPANESE: Final = "HeiseiMin-W3"
for _name in (_KOREAN, _CHINESE, _JAPANESE):
    registerFont(UnicodeCIDFont(_name))

_MARGIN: Final = 56
_SIZE: Final = 9.5
_LEADING: Final = 14
_INDENT: Final = 130
_LATIN_END: Final = "\u0100"
_GENERAL_END: Final = "\u2000"
"""Letters from here on are not in the Latin fonts: punctuation, symbols, ideographs."""
_HANGUL: Final = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
_KANA: Final = re.compile("[\u3040-\u30ff]")

Run = tuple[str, str]
"""A font, and text in it."""


def render(compact: str) -> bytes:
    """The PDF of a signed certificate; the JWS itself stands in its keywords."""
    content = orjson.loads(jws.extract_compact(compact.encode()).payload)
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1)
    canvas.setTitle("Certificate of encumbrances")
    canvas.setAuthor(content["iss"])
    canvas.setKeywords(compact)
    paper = _Paper(canvas)
    paper.heading("Certificate of encumbrances", 16)
    for label, value in _lines(content):
        if value is None:
            paper.heading(label, 11)
        else:
            paper.line(label, value)
    paper.foot(compact)
    canvas.save()
    return buffer.getvalue()


def _lines(content: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    """Labels with their values; a label without one is a heading."""
    right = content["right"]
    yield "Certificate", content["jti"]
    yield "Issued by", content["iss"]
    yield "As it was at", content["valid_at"]
    yield "As known at", content["known_at"]
    yield "The right", None
    yield "Title", right["title"]
    yield "Kind", f"{right['kind']}, office {right['office'] or '-'}"
    yield "Numbers", ", ".join(right["numbers"]) or "-"
    yield "Legal status", content["legal_status"]
    for gap in content["without_effect"]:
        yield "Without effect", f"from {gap['from']} until {gap['until']}"
    for owner in content["owners"]:
        yield "Owner", owner["name"]
    yield f"Encumbrances: {len(content['encumbrances'])}", None
    for encumbrance in content["encumbrances"]:
        yield from _encumbrance(encumbrance)


def _encumbrance(one: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    scope, secured = one["scope"], one["secured"]
    rank = f"Rank {one['rank']}" if one["rank"] else "Without rank"
    yield "", ""
    yield f"{rank}: {one['kind']}", one["registration_number"] or "not registered"
    yield "   held by", one["holder_name"] or "everybody"
    yield "   state", one["state"]
    if secured:
        yield "   secures", _amount(secured["amount_minor"], secured["currency"])
    for name in ("claims", "territories", "fields", "uses"):
        yield f"   {name}", ", ".join(map(str, scope[name])) or "all"
    yield "   from", f"{scope['starts_at']} until {scope['ends_at'] or 'the end of the right'}"
    for name in ("contract_on", "effective_on", "received_on", "recorded_on", "gazetted_on"):
        if one[name]:
            yield f"   {name.removesuffix('_on')}", one[name]


def _amount(minor: int, currency: str) -> str:
    """`40,000,000 KRW`, `1,234.50 USD`."""
    return f"{Decimal(minor).scaleb(-minor_digits(currency)):,} {currency}"


class _Paper:
    """Writes lines from the top of a page to its foot, and on to the next."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._width, height = A4
        self._top = height - _MARGIN
        self._y = self._top

    def heading(self, text: str, size: float) -> None:
        self._y -= size
        self._write(_MARGIN, [(_BOLD, text)], size)

    def line(self, label: str, value: str) -> None:
        """A label at the left, its value beside it, wrapped where the page ends."""
        room = self._width - 2 * _MARGIN - _INDENT
        for number, runs in enumerate(_wrapped(value, room)):
            if number == 0:
                self._canvas.setFont(_LATIN, _SIZE)
                self._canvas.drawString(_MARGIN, self._y, label)
            self._write(_MARGIN + _INDENT, runs, _SIZE)

    def foot(self, compact: str) -> None:
        """How to verify it."""
        self.heading("How to verify", 11)
        self.line("Signed content", f"SHA-256 {hashlib.sha256(compact.encode()).hexdigest()}")
        self.line("", "The signature (JWS, RFC 7515) stands in the keywords of this file.")
        self.line("", "marketplace certificate verify FILE --keys jwks.json")

    def _write(self, x: float, runs: list[Run], size: float) -> None:
        for font, text in runs:
            self._canvas.setFont(font, size)
            self._canvas.drawString(x, self._y, text)
            x += stringWidth(text, font, size)
        self._y -= max(_LEADING, size)
        if self._y < _MARGIN:
            self._canvas.showPage()
            self._y = self._top


def _wrapped(text: str, room: float) -> Iterator[list[Run]]:
    """Lines of a text, broken at spaces, or anywhere in a word that is too long."""
    fonts = [_font(letter, text) for letter in text]
    widths = [stringWidth(letter, font, _SIZE) for letter, font in zip(text, fonts, strict=True)]
    begins, used, space = 0, 0.0, -1
    for place, width in enumerate(widths):
        if used + width > room and place > begins:
            ends = space + 1 if space >= begins else place
            yield _runs(text[begins:ends], fonts[begins:ends])
            begins, used = ends, sum(widths[ends:place])
        used += width
        space = place if text[place] == " " else space
    yield _runs(text[begins:], fonts[begins:])


def _runs(text: str, fonts: list[str]) -> list[Run]:
    runs: list[Run] = []
    for letter, font in zip(text, fonts, strict=True):
        if runs and runs[-1][0] == font:
            runs[-1] = (font, runs[-1][1] + letter)
        else:
            runs.append((font, letter))
    return runs


def _font(letter: str, text: str) -> str:
    """The font of a letter; of what several scripts share, that of the text around it."""
    if letter < _LATIN_END:
        return _LATIN
    if _HANGUL.search(text):
        return _KOREAN
    if _KANA.search(text):
        return _JAPANESE
    return _CHINESE if letter >= _GENERAL_END else _LATIN
