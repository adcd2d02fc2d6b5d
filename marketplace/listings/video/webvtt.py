"""WebVTT, as far as subtitles need it: read strictly, and written anew from what was understood.

What is served is never what was sent: a browser gets our own header, times and text, in which
only a few tags without attributes are left. Style sheets, regions and anything unknown are refused.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from marketplace.listings.video.errors import SubtitlesMalformedError

CUES_MAX: Final = 5_000
TEXT_LENGTH_MAX: Final = 2_000
_TIME: Final = r"(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMING: Final = re.compile(rf"{_TIME}[ \t]+-->[ \t]+{_TIME}((?:[ \t]+\S+)*)[ \t]*", re.ASCII)
_PERCENT: Final = r"(?:100|\d{1,2})(?:\.\d{1,3})?%"
_SETTING: Final = re.compile(
    r"vertical:(?:rl|lr)"
    rf"|line:(?:-?\d{{1,3}}|{_PERCENT})(?:,(?:start|center|end))?"
    rf"|position:{_PERCENT}(?:,(?:line-left|center|line-right))?"
    rf"|size:{_PERCENT}"
    r"|align:(?:start|center|end|left|right)",
    re.ASCII,
)
_TAG: Final = re.compile(r"<(/?)(b|i|u|ruby|rt)>")
_REFERENCE: Final = re.compile(r"&(?!(?:amp|lt|gt|nbsp|lrm|rlm);)")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ARROW: Final = "-->"


@dataclass(frozen=True, slots=True)
class Cue:
    """A text and when it is shown, in milliseconds from the beginning."""

    starts: int
    ends: int
    settings: str
    text: str


def parse(content: bytes, duration_milliseconds: int) -> list[Cue]:
    """The cues of a file, in order; each within the video.

    Raises:
        SubtitlesMalformedError: it names the line, and never what stands there.
    """
    lines = _lines(content)
    if not re.fullmatch(r"WEBVTT(?:[ \t].*)?", lines[0]) or any(lines[1:2]):
        raise SubtitlesMalformedError("line 1 is WEBVTT, and line 2 is empty")
    cues: list[Cue] = []
    for number, block in _blocks(lines):
        cue = _cue(number, block)
        if cue is None:
            continue
        if cues and cue.starts < cues[-1].starts:
            raise _wrong(number, "it begins before the cue above it")
        if cue.ends > duration_milliseconds:
            raise _wrong(number, "it ends after the video")
        cues.append(cue)
    if not 0 < len(cues) <= CUES_MAX:
        raise SubtitlesMalformedError(f"write one cue at least, and {CUES_MAX} at most")
    return cues


def write(cues: Sequence[Cue]) -> str:
    """A file of ours with these cues."""
    blocks = [f"{_clock(c.starts)} {_ARROW} {_clock(c.ends)}{c.settings}\n{c.text}\n" for c in cues]
    return "\n".join(["WEBVTT\n", *blocks])


def _wrong(line: int, reason: str) -> SubtitlesMalformedError:
    return SubtitlesMalformedError(f"line {line}: {reason}")


def _lines(content: bytes) -> list[str]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SubtitlesMalformedError("it is no UTF-8") from error
    lines = re.sub("\r\n?", "\n", text).split("\n")
    for number, line in enumerate(lines, start=1):
        if _CONTROL.search(line):
            raise _wrong(number, "it has a control character")
    return lines


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """What stands between empty lines after the header, with the number of its first line."""
    block: list[str] = []
    for number, line in enumerate([*lines[1:], ""], start=2):
        if line:
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _cue(number: int, block: list[str]) -> Cue | None:
    """A block as a cue; a comment is none."""
    if re.fullmatch(r"NOTE(?:[ \t].*)?", block[0]) and _ARROW not in "".join(block):
        return None
    if re.fullmatch(r"(?:STYLE|REGION)[ \t]*", block[0]):
        raise _wrong(number, "style sheets and regions are not taken")
    if _ARROW not in block[0]:
        number, block = number + 1, block[1:]  # the first line was its name
    found = _TIMING.fullmatch(block[0]) if block else None
    if found is None:
        raise _wrong(number, "a cue has a line of times, as 00:00:01.000 --> 00:00:04.000")
    starts, ends = _milliseconds(found.groups()[:4]), _milliseconds(found.groups()[4:8])
    if starts >= ends:
        raise _wrong(number, "it ends before it begins")
    return Cue(starts, ends, _settings(number, found[9]), _text(number + 1, block[1:]))


def _milliseconds(parts: Sequence[str | None]) -> int:
    hours, minutes, seconds, rest = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1_000 + rest


def _clock(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1_000)
    return f"{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


def _settings(number: int, given: str) -> str:
    settings = given.split()
    names = [setting.partition(":")[0] for setting in settings]
    if len(names) != len(set(names)) or not all(map(_SETTING.fullmatch, settings)):
        raise _wrong(number, "a setting is not known, or is there twice")
    return "".join(f" {setting}" for setting in settings)


def _text(number: int, lines: Sequence[str]) -> str:
    """The text of a cue with its tags; everything else in it is escaped."""
    text, written, opened, end = "\n".join(lines), [], list[str](), 0
    if not text.strip() or len(text) > TEXT_LENGTH_MAX:
        raise _wrong(number, f"a cue has a text, of {TEXT_LENGTH_MAX} characters at most")
    for tag in _TAG.finditer(text):
        written += [_escaped(number, text[end : tag.start()]), tag[0]]
        end = tag.end()
        if not tag[1]:
            opened.append(tag[2])
        elif not opened or opened.pop() != tag[2]:
            raise _wrong(number, "a tag ends that was not the last to begin")
    if opened:
        raise _wrong(number, "a tag does not end")
    return "".join([*written, _escaped(number, text[end:])])


def _escaped(number: int, text: str) -> str:
    if "<" in text or _ARROW in text:
        raise _wrong(number, "only <b>, <i>, <u>, <ruby> and <rt> are taken; write &lt; and &gt;")
    plain = html.unescape(_REFERENCE.sub("&amp;", text))
    return html.escape(plain, quote=False)
