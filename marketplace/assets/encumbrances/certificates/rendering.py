"""A certificate on paper. The same content always renders to the same bytes.

Korean, Chinese and Japanese are set in fonts that every reader of PDF has or replaces (CID fonts),
so no font is shipped.
"""

import hashlib
import io
import re
from collections.abc import Iterator, Sequence
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

_HANGING: Final = {
    "Last day": "last_day",
    "Attached since": "restrained_since",
    "Challenged since": "challenged_since",
}
_STATUS: Final = {"not_known": "nothing was known of the right on that day"}
_MARGIN: Final = 56
_FOOT: Final = 42
_FOOT_SIZE: Final = 7
_FOOT_LEADING: Final = 9
_SIZE: Final = 9.5
_LEADING: Final = 14
_INDENT: Final = 130
_KEPT_WITH_HEADING: Final = 3 * _LEADING
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
    paper = _Paper()
    paper.heading("Certificate of encumbrances", 16)
    for label, value in _lines(content):
        if value is None:
            paper.heading(label, 11)
        else:
            paper.line(label, value)
    paper.draw(canvas, _foot(compact))
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
    yield "Legal status", _STATUS.get(content["legal_status"], content["legal_status"])
    for label, name in _HANGING.items():
        if content.get(name):  # certificates of before did not tell it
            yield label, str(content[name])
    if content.get("invalid_claims"):
        yield "Invalid claims", ", ".join(map(str, content["invalid_claims"]))
    for gap in content["without_effect"]:
        yield "Without effect", f"from {gap['from']} until {gap['until']}"
    for owner in content["owners"]:
        yield f"Owner of {owner['share']}", owner["name"]
    if content.get("extent") == "registered":
        yield "Told is", "what the register shows, and what its asker holds"
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


def _foot(compact: str) -> tuple[str, ...]:
    """How to verify it, below each page."""
    digest = hashlib.sha256(compact.encode()).hexdigest()
    command = "marketplace certificate verify FILE --keys jwks.json"
    return (
        f"Signed content: SHA-256 {digest}",
        f"The signature (JWS, RFC 7515) stands in the keywords of this file. To verify: {command}",
    )


class _Paper:
    """Lines from the top of a page to its foot, and on to the next; drawn when all are known."""

    def __init__(self) -> None:
        self._width, height = A4
        self._top = height - _MARGIN
        self._y = self._top
        self._pages: list[list[tuple[float, float, list[Run], float]]] = [[]]

    def heading(self, text: str, size: float) -> None:
        if self._y < _MARGIN + _KEPT_WITH_HEADING:
            self._turn()
        self._y -= size
        self._write(_MARGIN, [(_BOLD, text)], size)

    def line(self, label: str, value: str) -> None:
        """A label at the left, its value beside it, wrapped where the page ends."""
        room = self._width - 2 * _MARGIN - _INDENT
        for number, runs in enumerate(_wrapped(value, room)):
            if self._y < _MARGIN:
                self._turn()
            if number == 0:
                self._pages[-1].append((_MARGIN, self._y, [(_LATIN, label)], _SIZE))
            self._write(_MARGIN + _INDENT, runs, _SIZE)

    def draw(self, canvas: Canvas, foot: Sequence[str]) -> None:
        """Every page, with the same foot and its number."""
        for number, page in enumerate(self._pages, 1):
            for x, y, runs, size in page:
                _draw(canvas, x, y, runs, size)
            for place, said in enumerate((*foot, f"Page {number} of {len(self._pages)}")):
                y = _FOOT - place * _FOOT_LEADING
                _draw(canvas, _MARGIN, y, [(_LATIN, said)], _FOOT_SIZE)
            canvas.showPage()

    def _turn(self) -> None:
        self._pages.append([])
        self._y = self._top

    def _write(self, x: float, runs: list[Run], size: float) -> None:
        self._pages[-1].append((x, self._y, runs, size))
        self._y -= max(_LEADING, size)


def _draw(canvas: Canvas, x: float, y: float, runs: list[Run], size: float) -> None:
    for font, said in runs:
        canvas.setFont(font, size)
        canvas.drawString(x, y, said)
        x += stringWidth(said, font, size)


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
