"""What a PDF of ours says, read by the tests' own means."""

import base64
import re
import zlib


def texts(file: bytes) -> str:
    """The text of the content streams; of CID fonts it is UTF-16."""
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", file, re.DOTALL):
        content = _plain(stream)
        shown = re.findall(rb"\((.*?)(?<!\\)\) Tj", content, re.DOTALL)
        found += [_read(_unescaped(text)) for text in shown]
    return "\n".join(found)


def _plain(stream: bytes) -> bytes:
    return zlib.decompress(base64.a85decode(stream.strip().removesuffix(b"~>")))


def _unescaped(text: bytes) -> bytes:
    def octal(match: re.Match[bytes]) -> bytes:
        return bytes([int(match[1], 8)])

    text = re.sub(rb"\\([0-7]{3})", octal, text)
    return re.sub(rb"\\(.)", rb"\1", text)


def _read(text: bytes) -> str:
    if text and len(text) % 2 == 0 and any(byte >= 0x80 or byte == 0 for byte in text[::2]):
        return text.decode("utf-16-be", "replace")
    return text.decode("latin-1")
