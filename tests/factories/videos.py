"""Tiny videos, made by ffmpeg once a run."""

import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

needs_ffmpeg = pytest.mark.skipif(
    not (shutil.which("ffmpeg") and shutil.which("ffprobe")), reason="ffmpeg is not installed"
)
WEBVTT = "WEBVTT\n\n00:00.100 --> 00:00.900 align:start\nIt <b>locks</b> & holds.\n"


@functools.cache
def video(*options: str, suffix: str = "webm", seconds: float = 1) -> bytes:
    """A moving picture, encoded as asked for."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"video.{suffix}"
        source = f"testsrc=size=32x32:rate=5:duration={seconds}"
        command = ("ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, *options, str(path))
        subprocess.run(command, check=True)
        return path.read_bytes()


def webm(**options: float) -> bytes:
    return video("-c:v", "libvpx", **options)  # type: ignore[arg-type]
