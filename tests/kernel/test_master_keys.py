"""A key file is made once for a database; afterwards it has to be there, and has to be that one."""

from pathlib import Path

import pytest
from sqlalchemy import text

from marketplace.kernel.crypto import KeyFileError, Keyring
from marketplace.kernel.db import Sessions
from marketplace.kernel.master_keys import open_keyring


async def opened(sessions: Sessions, path: Path) -> Keyring:
    async with sessions.begin() as session:
        return await open_keyring(session, path)


async def test_a_lost_file_is_not_replaced(sessions: Sessions, tmp_path: Path) -> None:
    path = tmp_path / "master.keys"
    sealed = (await opened(sessions, path)).seal(b"a secret", context="right:1")
    assert (await opened(sessions, path)).open(sealed, context="right:1") == b"a secret"
    path.unlink()

    with pytest.raises(KeyFileError, match=str(path)):
        await opened(sessions, path)

    assert not path.exists()


async def test_machines_do_not_make_different_keys(sessions: Sessions, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    await opened(sessions, one)

    with pytest.raises(KeyFileError, match=str(other)):
        await opened(sessions, other)
    other.write_text(f"k-0badcafe:{'ab' * 32}\n")
    with pytest.raises(KeyFileError, match="lacks the master key k-"):
        await opened(sessions, other)
    other.write_text(f"{one.read_text().partition(':')[0]}:{'ab' * 32}\n")
    with pytest.raises(KeyFileError, match="has another master key k-"):
        await opened(sessions, other)

    assert (await opened(sessions, one)).key_fingerprints


async def test_a_key_may_be_added_and_an_older_one_is_then_still_needed(
    sessions: Sessions, tmp_path: Path
) -> None:
    path = tmp_path / "master.keys"
    path.write_text(f"k1:{'ab' * 32}\n")
    async with sessions.begin() as session:  # as the migration leaves what was encrypted before it
        await session.execute(text("INSERT INTO master_key (id) VALUES ('k1')"))
    await opened(sessions, path)
    with path.open("a") as file:
        file.write(f"k2:{'cd' * 32}\n")
    assert (await opened(sessions, path)).seal(b"", context="").key_id == "k2"

    path.write_text(f"k2:{'cd' * 32}\n")
    with pytest.raises(KeyFileError, match="lacks the master key k1 "):
        await opened(sessions, path)
