from typing import Annotated

from pydantic import Field

from marketplace.kernel.schemas import Output

VIDEO_BYTES_CEILING = 2**32
SUBTITLES_BYTES_MAX = 256 * 1024

SubtitlesContent = Annotated[
    str, Field(examples=["WEBVTT\n\n00:00:01.000 --> 00:00:04.000\n우산이 아홉 분이면 마릅니다."])
]


class VideoRead(Output):
    """The video pitch of a listing, which is at `/v1/listings/{id}/video`."""

    media_type: str
    size_bytes: int
    sha256: str
    duration_milliseconds: int
    width: int
    height: int
    subtitles: list[str] = Field(description="languages, each at `…/video/subtitles/{language}`")


class SubtitlesRead(Output):
    language: str
    cues: int
