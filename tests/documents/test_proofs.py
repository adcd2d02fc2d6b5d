"""Proofs of existence: stamped in batches, verified by nobody's leave, broken by any other bit."""

import base64
import hashlib
import io
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.x509 import load_pem_x509_certificates
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from typer.testing import CliRunner

from marketplace.cli import cli
from marketplace.documents.proofs.files import ProofInvalidError, verify_proof
from marketplace.documents.proofs.merkle import climb, path_of, root_of
from marketplace.documents.proofs.renewing import renew_stamps
from marketplace.documents.proofs.service import stamp_new
from marketplace.documents.proofs.timestamps import Authority
from marketplace.kernel.db import Sessions
from marketplace.kernel.seals import merkle_root
from tests.factories.accounts import assert_refused
from tests.factories.deals import ok
from tests.factories.ideas import TEXT, Idea
from tests.factories.people import Person, person
from tests.factories.timestamping import make_authority, serving


@pytest.fixture(scope="module")
def authority_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("authority")
    make_authority(folder)
    return folder


@pytest.fixture
def desk(authority_folder: Path, app: FastAPI) -> Iterator[tuple[Authority, Any]]:
    roots = tuple(load_pem_x509_certificates((authority_folder / "ca.pem").read_bytes()))
    before = app.state.settings
    ca_file = {"timestamp_ca_file": authority_folder / "ca.pem"}
    app.state.settings = before.model_copy(update=ca_file)
    with serving(authority_folder) as (url, desk):
        yield Authority(url, roots), desk
    app.state.settings = before


@pytest.fixture
async def owner(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await person(client, sessions)


async def proofs(idea: Idea) -> list[dict[str, Any]]:
    found = (await ok(await idea.owner.get(f"{idea.path}/proofs")))["items"]
    return sorted(found, key=lambda proof: (proof["kind"], proof["version"]))


async def test_each_version_has_a_proof_that_openssl_verifies(
    owner: Person, sessions: Sessions, desk: tuple[Authority, Any], tmp_path: Path
) -> None:
    idea = await Idea.of(owner)
    content = b"%PDF- a drawing of the hinge" * 100
    await idea.upload(content)
    await idea.put("a second text")
    documents = [content, TEXT.encode(), b"a second text"]
    found = await proofs(idea)
    pending = await owner.get(f"{idea.path}/proofs/{found[0]['id']}")
    assert_refused(pending, 409, "proof_pending")

    assert await stamp_new(sessions, desk[0]) == 3

    found = await proofs(idea)
    assert [(proof["kind"], proof["version"]) for proof in found] == [
        ("file", 1),
        ("text", 1),
        ("text", 2),
    ]
    for proof, document in zip(found, documents, strict=True):
        answer = await owner.get(f"{idea.path}/proofs/{proof['id']}")
        shown = verify_proof(io.BytesIO(document), answer.content, desk[0].certificates)
        assert shown.sha256 == hashlib.sha256(document).hexdigest()
        assert answer.json()["commitment"] == proof["commitment"]
        assert shown.label.endswith(f"version {proof['version']}")
    _verify_by_openssl(answer.json(), tmp_path)
    (tmp_path / "document").write_bytes(document)
    (tmp_path / "proof").write_bytes(answer.content)
    command = ["proof", "verify", str(tmp_path / "document"), str(tmp_path / "proof")]
    said = CliRunner().invoke(cli, command)
    assert said.exit_code == 0, said.output
    assert shown.sha256 in said.output
    (tmp_path / "document").write_bytes(document + b" ")
    refused = CliRunner().invoke(cli, command)
    assert isinstance(refused.exception, ProofInvalidError)


def _verify_by_openssl(proof: dict[str, Any], folder: Path) -> None:
    """As the proof itself says, without a line of ours."""
    (folder / "proof.json").write_text(json.dumps(proof))
    (folder / "root.bin").write_bytes(bytes.fromhex(proof["root"]))
    (folder / "authority.pem").write_text("".join(proof["authority"]))
    commands = "\n".join(proof["how"]).replace("PROOF", "proof.json")
    assert commands.endswith(
        "openssl ts -verify -data root.bin -in answer.tsr -CAfile authority.pem"
    )
    subprocess.run(
        ["openssl", "base64", "-d", "-A", "-out", "answer.tsr"],
        input=proof["answer"].encode(),
        cwd=folder,
        check=True,
    )
    said = subprocess.run(
        commands.splitlines()[-1].split(), cwd=folder, capture_output=True, text=True, check=False
    )
    assert "Verification: OK" in said.stdout, said.stderr


async def test_any_other_bit_breaks_it(
    owner: Person, sessions: Sessions, desk: tuple[Authority, Any]
) -> None:
    idea = await Idea.of(owner)
    await stamp_new(sessions, desk[0])
    proof_id = (await proofs(idea))[0]["id"]
    proof = (await owner.get(f"{idea.path}/proofs/{proof_id}")).content
    document = TEXT.encode()
    verify_proof(io.BytesIO(document), proof)

    def breaks(changed_document: bytes, changed_proof: bytes) -> None:
        with pytest.raises(ProofInvalidError):
            verify_proof(io.BytesIO(changed_document), changed_proof)

    for place in range(len(document) * 8):
        breaks(_flipped(document, place), proof)
    for place in range(0, len(proof) * 8, 61):
        breaks(document, _flipped(proof, place))
    breaks(document, proof[:-1])
    breaks(document, proof + b"\n")
    breaks(document, b"[]")


async def test_who_forges_a_checksum_does_not_forge_a_proof(
    owner: Person, sessions: Sessions, desk: tuple[Authority, Any], tmp_path: Path
) -> None:
    idea = await Idea.of(owner)
    await stamp_new(sessions, desk[0])
    proof_id = (await proofs(idea))[0]["id"]
    proof = (await owner.get(f"{idea.path}/proofs/{proof_id}")).json()
    other = "0" * 64
    root = make_authority(tmp_path / "another")
    forged: list[dict[str, Any]] = [
        {"salt": other},
        {"sha256": other},
        {"label": proof["label"].replace("version 1", "version 2")},
        {"commitment": other},
        {"path": [{"side": "left", "hash": other}]},
        {"root": other},
        {"timestamped_at": "2001-01-01T00:00:00+00:00"},
        {"authority": [root.read_text()]},
        {"authority": []},
        {"answer": proof["answer"][:-8] + "AAAAAAA="},
    ]
    for change in forged:
        content = {k: v for k, v in (proof | change).items() if k != "checksum"}
        summed = json.dumps(content, indent=1).encode() + b"\n"
        content["checksum"] = hashlib.sha256(summed).hexdigest()
        whole = json.dumps(content, indent=1).encode() + b"\n"
        with pytest.raises(ProofInvalidError):
            verify_proof(io.BytesIO(TEXT.encode()), whole, ())
    good = (await owner.get(f"{idea.path}/proofs/{proof_id}")).content
    with pytest.raises(ProofInvalidError):
        verify_proof(io.BytesIO(TEXT.encode()), good, load_pem_x509_certificates(root.read_bytes()))


def _flipped(content: bytes, place: int) -> bytes:
    changed = bytearray(content)
    changed[place // 8] ^= 1 << place % 8
    return bytes(changed)


async def test_an_authority_that_is_away_is_asked_again(
    owner: Person, sessions: Sessions, desk: tuple[Authority, Any], connection: AsyncConnection
) -> None:
    await Idea.of(owner)
    authority, counter = desk
    counter.is_open = False
    assert await stamp_new(sessions, authority) == 0
    counter.is_open = True
    query = text("SELECT count(*), count(answer) FROM proof_batch")
    assert (await connection.execute(query)).one() == (1, 0)
    await stamp_new(sessions, authority)
    assert (await connection.execute(query)).one() == (1, 1)


async def test_a_proof_holds_when_the_authority_is_another_one(
    owner: Person,
    sessions: Sessions,
    desk: tuple[Authority, Any],
    app: FastAPI,
    connection: AsyncConnection,
    tmp_path: Path,
) -> None:
    idea = await Idea.of(owner)
    await stamp_new(sessions, desk[0])
    forgotten = text("UPDATE proof_batch SET authority = NULL, ends_at = NULL")
    await connection.execute(forgotten)  # as of before it was kept
    await renew_stamps(sessions, desk[0])
    other = make_authority(tmp_path / "other")
    changed = {"timestamp_ca_file": other}
    app.state.settings = app.state.settings.model_copy(update=changed)

    proof_id = (await proofs(idea))[0]["id"]
    proof = (await owner.get(f"{idea.path}/proofs/{proof_id}")).content

    shown = verify_proof(io.BytesIO(TEXT.encode()), proof)
    assert shown == verify_proof(io.BytesIO(TEXT.encode()), proof, desk[0].certificates)


async def test_a_stamp_is_renewed_before_its_certificate_ends(
    owner: Person, sessions: Sessions, tmp_path: Path
) -> None:
    idea = await Idea.of(owner)
    folders = [tmp_path / name for name in ("short", "long")]
    for folder, days in zip(folders, (60, 3650), strict=True):
        make_authority(folder, days=days)
    roots = [load_pem_x509_certificates((f / "ca.pem").read_bytes()) for f in folders]
    with serving(folders[0]) as (url, _):
        short = Authority(url, tuple(roots[0]))
        await stamp_new(sessions, short)
        assert await renew_stamps(sessions, short) == 0  # it ends no later itself
    with serving(folders[1]) as (url, _):
        long = Authority(url, tuple(roots[1]))
        assert await renew_stamps(sessions, long) == 1
        assert await renew_stamps(sessions, long) == 0
    proof_id = (await proofs(idea))[0]["id"]
    proof = (await owner.get(f"{idea.path}/proofs/{proof_id}")).content

    shown = verify_proof(io.BytesIO(TEXT.encode()), proof)

    assert len(shown.authority) == 2
    written = json.loads(proof)
    assert shown.timestamped_at.isoformat() == written["timestamped_at"]
    assert verify_proof(io.BytesIO(TEXT.encode()), proof, [*roots[0], *roots[1]]) == shown
    for trusted in roots:
        with pytest.raises(ProofInvalidError):
            verify_proof(io.BytesIO(TEXT.encode()), proof, trusted)
    _every_command_holds(written, tmp_path)
    (renewal,) = written["renewals"]
    for forged in ([renewal, renewal], [renewal | {"answer": written["answer"]}]):
        with pytest.raises(ProofInvalidError):
            verify_proof(io.BytesIO(TEXT.encode()), _summed(written | {"renewals": forged}))


def _summed(content: dict[str, Any]) -> bytes:
    """As somebody writes it who knows how the checksum is made."""
    content = {name: value for name, value in content.items() if name != "checksum"}
    content["checksum"] = hashlib.sha256(json.dumps(content, indent=1).encode() + b"\n").hexdigest()
    return json.dumps(content, indent=1).encode() + b"\n"


def _every_command_holds(proof: dict[str, Any], folder: Path) -> None:
    (folder / "root.bin").write_bytes(bytes.fromhex(proof["root"]))
    for number, stamp in enumerate([proof, *proof["renewals"]]):
        suffix = str(number) if number else ""
        (folder / f"answer{suffix}.tsr").write_bytes(base64.b64decode(stamp["answer"]))
        (folder / f"authority{suffix}.pem").write_text("".join(stamp["authority"]))
    commands = [line for line in proof["how"] if line.startswith("openssl ts")]
    assert len(commands) == 2
    for command in commands:
        said = subprocess.run(
            command.split(), cwd=folder, capture_output=True, text=True, check=False
        )
        assert "Verification: OK" in said.stdout, said.stderr


async def test_strangers_see_no_proof_and_a_withdrawn_text_has_none(
    owner: Person, client: httpx2.AsyncClient, sessions: Sessions, desk: tuple[Authority, Any]
) -> None:
    idea, stranger = await Idea.of(owner), await person(client, sessions)
    await stamp_new(sessions, desk[0])
    path = f"{idea.path}/proofs"
    proof_id = (await proofs(idea))[0]["id"]
    assert_refused(await stranger.get(path), 404, "not_found")
    assert_refused(await stranger.get(f"{path}/{proof_id}"), 404, "not_found")
    await ok(await owner.post(f"{idea.path}/withdraw-confidential"))
    assert_refused(await owner.get(f"{path}/{proof_id}"), 404, "not_found")


@settings(deadline=None)
@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40))
def test_every_leaf_leads_to_the_root_of_rfc_6962(leaves: list[bytes]) -> None:
    root = root_of(leaves)
    assert root.hex() == merkle_root(leaves)
    for position, leaf in enumerate(leaves):
        assert climb(leaf, path_of(leaves, position)) == root
