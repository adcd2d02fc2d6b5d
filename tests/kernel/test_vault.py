"""Keys of documents: what is destroyed comes back in no way, whatever goes on beside it."""

import threading
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from marketplace.kernel.vault import DecryptionError, FolderVault, KeyDestroyedError


class Wrapping:
    """Hides nothing, and does something else while it wraps."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], None] = lambda: None

    def wrap(self, key: bytes, *, context: str) -> tuple[str, bytes]:
        self.meanwhile()
        return f"k-{len(context)}", key

    def unwrap(self, key_id: str, wrapped: bytes, *, context: str) -> bytes:
        assert key_id == f"k-{len(context)}"
        return wrapped


def left_of(vault: FolderVault, document_id: UUID) -> list[Path]:
    return list(vault.folder.rglob(f"*{document_id}*"))


def test_a_key_destroyed_while_it_is_wrapped_anew_stays_destroyed(tmp_path: Path) -> None:
    wrapping, document_id = Wrapping(), uuid4()
    vault = FolderVault(tmp_path, wrapping)
    vault.create(document_id)
    other = threading.Thread(target=vault.destroy, args=(document_id,))

    def destroy_beside() -> None:
        other.start()
        other.join(0.2)

    wrapping.meanwhile = destroy_beside
    assert vault.rewrap() == 1
    other.join()

    assert left_of(vault, document_id) == []
    wrapping.meanwhile = lambda: None
    assert vault.rewrap() == 0
    with pytest.raises(KeyDestroyedError):
        vault.read(document_id)


def test_a_draft_that_a_killed_process_left_is_destroyed_too(tmp_path: Path) -> None:
    vault, document_id, other_id = FolderVault(tmp_path, Wrapping()), uuid4(), uuid4()
    key = vault.create(document_id)
    vault.create(other_id)
    (path,) = left_of(vault, document_id)
    draft = path.with_name(f".{path.name}.0badcafe")
    draft.write_text(f"k-1:{key.hex()}\n")

    vault.destroy(document_id)
    vault.destroy(document_id)

    assert left_of(vault, document_id) == []
    assert vault.rewrap() == 1


def test_a_key_read_while_it_is_overwritten_says_nothing_of_it(tmp_path: Path) -> None:
    vault, document_id = FolderVault(tmp_path, Wrapping()), uuid4()
    vault.create(document_id)
    (path,) = left_of(vault, document_id)
    path.write_bytes(b"\xff\xfe" + bytes(60))
    with pytest.raises(DecryptionError):
        vault.read(document_id)
