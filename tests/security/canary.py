"""A text that must not leak, and every spelling that it could leak in."""

import base64
import json
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

WORD = "CANARYqx7f3kz9"
KOREAN = "뷁쀍쪩뜗"
"""Syllables that no word has, so that even a pair of them in an index would be a leak."""
SECRET = f"{WORD} dries in nine minutes; {KOREAN}: 우산을 거꾸로 건다.\n" + "detail " * 300


def spellings(word: str) -> frozenset[bytes]:
    """A word as UTF-8 and UTF-16, in JSON, in an address, in hexadecimal and in base64."""
    utf_8 = word.encode()
    plain = {utf_8, word.encode("utf-16-le"), word.encode("utf-16-be")}
    escaped = {json.dumps(word)[1:-1].encode(), quote(word).encode(), utf_8.hex().encode()}
    return frozenset(plain | escaped | {_base64(utf_8, shift) for shift in range(3)})


def _base64(content: bytes, shift: int) -> bytes:
    """The part of the base64 text that depends on nothing but the content, at a byte offset."""
    text = base64.b64encode(bytes(shift) + content)
    return text[-(-shift * 8 // 6) : (shift + len(content)) * 8 // 6]


NEEDLES = spellings(WORD) | spellings(KOREAN) | {KOREAN[:2].encode(), KOREAN[2:].encode()}


def leaks(content: bytes, needles: Iterable[bytes] = NEEDLES) -> bool:
    """Whether any spelling is in there; an index folds case, so that is looked through as well."""
    folded = content.lower()
    return any(needle in content or needle.lower() in folded for needle in needles)


def leaking_files(root: Path, needles: Iterable[bytes] = NEEDLES) -> list[str]:
    files = [path for path in sorted(root.rglob("*")) if path.is_file()]
    assert files
    return [str(path) for path in files if leaks(_read(path), needles)]


def _read(path: Path) -> bytes:
    """A file of a running service; one that is gone by now tells nothing."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
