"""Subtitles are read strictly and written anew."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.listings.video.errors import SubtitlesMalformedError
from marketplace.listings.video.webvtt import parse, write

CUE = "00:01.000 --> 00:02.000"


def served(text: str, duration: int = 10_000) -> str:
    return write(parse(text.encode(), duration))


def test_what_is_served_is_written_anew() -> None:
    sent = (
        "\ufeffWEBVTT - title\r\n\r\nNOTE who made it\r\n\r\nfirst\r\n"
        "00:01.000 --> 00:00:02.500 line:90% align:start\r\n<b>우산</b> & &lt;script&gt; > 1\r\n"
    )
    assert served(sent) == (
        "WEBVTT\n\n00:00:01.000 --> 00:00:02.500 line:90% align:start\n"
        "<b>우산</b> &amp; &lt;script&gt; &gt; 1\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "WEBVTT",
        f"{CUE}\nx",
        f"WEBVTT\n{CUE}\nx",
        f"WEBVTTX\n\n{CUE}\nx",
        "WEBVTT\n\nSTYLE\n::cue { background: url(//evil.example) }",
        f"WEBVTT\n\nREGION\nid:a\n\n{CUE}\nx",
        f"WEBVTT\n\n{CUE} region:a\nx",
        f"WEBVTT\n\n{CUE} align:start align:end\nx",
        "WEBVTT\n\n00:02.000 --> 00:01.000\nx",
        "WEBVTT\n\n00:01.000 --> 00:01.000\nx",
        "WEBVTT\n\n00:01.000 --> 00:11.000\nx",
        "WEBVTT\n\n00:61.000 --> 01:02.000\nx",
        f"WEBVTT\n\n00:03.000 --> 00:04.000\nx\n\n{CUE}\nx",
        f"WEBVTT\n\n{CUE}",
        f"WEBVTT\n\n{CUE}\n<script>x</script>",
        f"WEBVTT\n\n{CUE}\n<b onclick=x>x</b>",
        f"WEBVTT\n\n{CUE}\n<b><i>x</b></i>",
        f"WEBVTT\n\n{CUE}\n<b>x",
        f"WEBVTT\n\n{CUE}\nx --> y",
        f"WEBVTT\n\n{CUE}\nx\x00",
    ],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(SubtitlesMalformedError):
        parse(text.encode(), 10_000)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_text_gets_markup_or_cues_in(text: str) -> None:
    try:
        written = served(f"WEBVTT\n\n{CUE}\n{text}")
    except SubtitlesMalformedError:
        return
    assert served(written) == written


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for sent in (content, b"WEBVTT\n\n" + content):
        with suppress(SubtitlesMalformedError):
            assert parse(sent, 1_000)
