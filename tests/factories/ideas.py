"""Ideas with confidential bodies: texts, files, and the worker's part in them."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
from fastapi import FastAPI

from marketplace.documents.withdrawing import destroy_withdrawn
from marketplace.kernel.sealed_files import SealedFiles
from tests.factories.deals import idea_body, ok
from tests.factories.people import Person

TEXT = "the hinge is a living hinge"

_UNSEEN = re.compile("\u2060[\u200b\u200c]{128}\u2060")


def as_seen(text: str) -> str:
    """A text without the marks in it that are not seen."""
    return _UNSEEN.sub("", text)


async def in_parts(content: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


@dataclass
class Idea:
    """An idea of somebody's, with a text."""

    owner: Person
    right_id: str

    @classmethod
    async def of(cls, owner: Person, text: str | None = TEXT, **changed: Any) -> "Idea":
        right = await ok(await owner.post("/v1/rights", idea_body(**changed)))
        idea = cls(owner, right["id"])
        if text is not None:
            await idea.put(text)
        return idea

    @property
    def path(self) -> str:
        return f"/v1/rights/{self.right_id}"

    async def put(self, text: str) -> None:
        await ok(await self.owner.put(f"{self.path}/confidential-text", {"content": text}))

    async def announce(self, size_bytes: int, **changed: Any) -> dict[str, Any]:
        body = {"name": "경첩.pdf", "media_type": "application/pdf", "size_bytes": size_bytes}
        answer = await self.owner.post(f"{self.path}/confidential-files", body | changed)
        found: dict[str, Any] = await ok(answer)
        return found

    def content(self, file_id: str) -> str:
        return f"{self.path}/confidential-files/{file_id}/content"

    async def send(self, file_id: str, content: Any) -> httpx2.Response:
        return await self.owner.client.put(
            self.content(file_id), content=content, headers=self.owner.headers
        )

    async def upload(self, content: bytes, **changed: Any) -> dict[str, Any]:
        file = await self.announce(len(content), **changed)
        found: dict[str, Any] = await ok(await self.send(file["id"], in_parts(content)))
        return found

    async def download(self, who: Person, file_id: str, **headers: str) -> httpx2.Response:
        sent = who.headers | headers
        return await who.client.get(self.content(file_id), headers=sent)


def stored(app: FastAPI) -> SealedFiles:
    return SealedFiles(app.state.settings.files_path)


def on_disk(app: FastAPI) -> set[str]:
    """Everything that is kept of files, whole or not."""
    root = app.state.settings.files_path
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


async def destroy(app: FastAPI) -> int:
    """What the worker does about withdrawn documents."""
    return await destroy_withdrawn(app.state.sessions, app.state.keyring, stored(app))
