"""A clamd that speaks INSTREAM on a real socket, and can be told to misbehave."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""What every scanner takes for a virus, and nothing else does."""


@dataclass
class FakeClamd:
    """Keeps what it was sent; `answers` take the place of its own verdicts, one a stream."""

    path: Path
    seen: list[bytes] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            assert await reader.readexactly(10) == b"zINSTREAM\0"
            content = bytearray()
            while size := int.from_bytes(await reader.readexactly(4), "big"):
                content += await reader.readexactly(size)
            self.seen.append(bytes(content))
            verdict = b"stream: Eicar-Signature FOUND" if EICAR in content else b"stream: OK"
            writer.write((self.answers.pop(0) if self.answers else verdict) + b"\0")
            await writer.drain()
        except asyncio.IncompleteReadError:
            pass  # who uploads went away
        finally:
            writer.close()


@asynccontextmanager
async def clamd(folder: Path) -> AsyncIterator[FakeClamd]:
    fake = FakeClamd(folder / "clamd.ctl")
    async with await asyncio.start_unix_server(fake.serve, fake.path):
        yield fake
