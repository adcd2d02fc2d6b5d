import re
import subprocess
import sys
from pathlib import Path
from stat import S_IMODE

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kernel.crypto import (
    DecryptionError,
    KeyFileError,
    Keyring,
    Sealed,
    create_key_file,
    load_keyring,
)
from tests.factories.steady import steady

CONTENT = "how the shelf dries an umbrella: 비밀".encode()
CONTEXT = "right:1"
KEYRING = Keyring({"k1": bytes(range(32))}, "k1")


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@steady
@given(st.binary(max_size=2_000), st.text(max_size=40))
def test_what_is_sealed_opens_again(content: bytes, context: str) -> None:
    assert KEYRING.open(KEYRING.seal(content, context=context), context=context) == content


def test_any_flipped_bit_is_refused() -> None:
    sealed = KEYRING.seal(CONTENT, context=CONTEXT)
    for bit in range(len(sealed.ciphertext) * 8):
        changed = Sealed(sealed.key_id, sealed.wrapped_key, flipped(sealed.ciphertext, bit))
        with pytest.raises(DecryptionError):
            KEYRING.open(changed, context=CONTEXT)
    for bit in range(len(sealed.wrapped_key) * 8):
        changed = Sealed(sealed.key_id, flipped(sealed.wrapped_key, bit), sealed.ciphertext)
        with pytest.raises(DecryptionError):
            KEYRING.open(changed, context=CONTEXT)


def test_any_truncation_is_refused() -> None:
    sealed = KEYRING.seal(CONTENT, context=CONTEXT)
    content, key = sealed.ciphertext, sealed.wrapped_key
    shorter = [Sealed("k1", key, content[:length]) for length in range(len(content))]
    shorter += [Sealed("k1", key[:length], content) for length in range(len(key))]
    for cut in shorter:
        with pytest.raises(DecryptionError):
            KEYRING.open(cut, context=CONTEXT)


def test_bytes_belong_to_their_context_and_key() -> None:
    one, two = (KEYRING.seal(CONTENT, context=CONTEXT) for _ in range(2))
    with pytest.raises(DecryptionError):
        KEYRING.open(one, context="right:2")
    with pytest.raises(DecryptionError):
        KEYRING.open(Sealed("k1", two.wrapped_key, one.ciphertext), context=CONTEXT)


def test_the_same_content_never_looks_the_same_and_never_shows() -> None:
    one, two = (KEYRING.seal(CONTENT, context=CONTEXT) for _ in range(2))
    assert one.ciphertext != two.ciphertext
    assert one.wrapped_key != two.wrapped_key
    assert b"umbrella" not in one.ciphertext
    with pytest.raises(DecryptionError) as refused:
        KEYRING.open(Sealed("k1", one.wrapped_key, CONTENT * 2), context=CONTEXT)
    assert "umbrella" not in str(refused.value)


def test_an_unknown_master_key_is_named() -> None:
    sealed = Keyring({"k9": bytes(32)}, "k9").seal(CONTENT, context=CONTEXT)
    with pytest.raises(DecryptionError, match="master key k9 is not in the key file"):
        KEYRING.open(sealed, context=CONTEXT)


def test_a_new_master_key_encrypts_and_the_old_one_still_opens(tmp_path: Path) -> None:
    path = tmp_path / "master.keys"
    create_key_file(path)
    before = load_keyring(path).seal(CONTENT, context=CONTEXT)
    with path.open("a") as file:
        file.write(f"k2:{'ab' * 32}\n")
    rotated = load_keyring(path)
    after = rotated.seal(CONTENT, context=CONTEXT)

    assert re.fullmatch("k-[0-9a-f]{8}", before.key_id)
    assert after.key_id == "k2"
    assert rotated.open(before, context=CONTEXT) == CONTENT
    assert rotated.open(after, context=CONTEXT) == CONTENT

    path.write_text(path.read_text().splitlines()[1])
    with pytest.raises(DecryptionError, match=f"master key {before.key_id}"):
        load_keyring(path).open(before, context=CONTEXT)


def test_the_key_file_is_made_once_and_for_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "master.keys"
    create_key_file(path)
    sealed = load_keyring(path).seal(CONTENT, context=CONTEXT)
    content = path.read_bytes()

    create_key_file(path)
    assert load_keyring(path).open(sealed, context=CONTEXT) == CONTENT
    assert path.read_bytes() == content
    assert S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]  # no draft is left


CREATE_TOGETHER = """
import sys
from pathlib import Path
from marketplace.kernel.crypto import create_key_file
print("ready", flush=True)
sys.stdin.readline()
create_key_file(Path(sys.argv[1]))
print(Path(sys.argv[1]).read_text().strip(), flush=True)
"""


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "master.keys"
    command = [sys.executable, "-c", CREATE_TOGETHER, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    started = [subprocess.Popen(command, text=True, **pipes) for _ in range(3)]  # type: ignore[call-overload]
    for process in started:
        assert process.stdout.readline() == "ready\n"
    for process in started:
        process.stdin.write("\n")
        process.stdin.flush()
    seen = {process.communicate()[0] for process in started}

    assert seen == {path.read_text()}
    assert all(process.returncode == 0 for process in started)
    assert list(tmp_path.iterdir()) == [path]


def test_a_fingerprint_is_of_content_context_and_the_oldest_key() -> None:
    one, two = bytes(32), bytes(31) + b"2"
    keyring, rotated = Keyring({"k1": one}, "k1"), Keyring({"k1": one, "k2": two}, "k2")
    found = keyring.fingerprint("203.0.113.1", context="attempt")
    assert found == rotated.fingerprint("203.0.113.1", context="attempt")
    others = {
        keyring.fingerprint("203.0.113.2", context="attempt"),
        keyring.fingerprint("203.0.113.1", context="other"),
        keyring.fingerprint("x203.0.113.1", context="attemp"),
        Keyring({"k1": two}, "k1").fingerprint("203.0.113.1", context="attempt"),
    }
    assert len({found} | others) == 5


@pytest.mark.parametrize("content", ["", "k1", "k1:zz", "k1:abcd"])
def test_a_file_without_whole_keys_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "master.keys"
    path.write_text(content)
    with pytest.raises(KeyFileError, match=str(path)):
        load_keyring(path)
