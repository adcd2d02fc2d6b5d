"""Commands of documents: their keys, leaked copies, and proofs that need no platform."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer
from cryptography.x509 import load_pem_x509_certificates
from sqlmodel import col, select

from marketplace.commands import DataDir, say, settings_of, with_sessions
from marketplace.documents.models import ConfidentialBody
from marketplace.documents.proofs.files import verify_proof
from marketplace.documents.service import key_of
from marketplace.documents.traces import marks_in
from marketplace.documents.watermarks import name_of
from marketplace.documents.withdrawing import destroy_again
from marketplace.kernel.crypto import (
    KeyFileError,
    Keyring,
    add_master_key,
    load_keyring,
    wrap_key_file,
)
from marketplace.kernel.db import Sessions

documents = typer.Typer(no_args_is_help=True, help="Keys of confidential documents, and copies.")
proof = typer.Typer(no_args_is_help=True, help="Proofs of existence, verified by nobody's leave.")
DOCUMENTS: Final = {"documents": documents, "proof": proof}
LeakedFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A leaked copy.")]


@documents.command("add-master-key")
def documents_add_master_key(data_dir: DataDir = None) -> None:
    """Put a new master key into the key file; restart the service, then rewrap."""
    settings = settings_of(data_dir)
    key_id = add_master_key(settings.keys_path, settings.key_service())
    say(f"{settings.keys_path} has the new master key {key_id}: back it up, restart the service")


@documents.command("wrap-master-keys")
def documents_wrap_master_keys(data_dir: DataDir = None) -> None:
    """Have the key service wrap the key file anew; from then on it opens nothing alone."""
    settings = settings_of(data_dir)
    service = settings.key_service()
    if service is None:
        raise KeyFileError("no key service is set up: set MARKETPLACE_KEY_SERVICE_URL")
    count = wrap_key_file(settings.keys_path, service)
    say(f"{count} master keys of {settings.keys_path} are wrapped: keep no copy of it as it was")


@documents.command("rewrap")
def documents_rewrap(data_dir: DataDir = None) -> None:
    """Wrap the key of every document by the newest master key; what was read stays readable."""
    settings = settings_of(data_dir)

    async def run(sessions: Sessions) -> int:
        keyring = load_keyring(settings.keys_path, settings.key_service())
        await _take_in_old_keys(sessions, keyring)
        count = await asyncio.to_thread(keyring.vault.rewrap)
        await destroy_again(sessions, keyring)
        return count

    say(f"{with_sessions(settings, run)} keys of documents are wrapped by the newest master key")


async def _take_in_old_keys(sessions: Sessions, keyring: Keyring) -> None:
    """Move keys into the vault that are still in the database, as of before there was one."""
    async with sessions.begin() as session:
        query = select(ConfidentialBody).where(
            col(ConfidentialBody.wrapped_key).is_not(None),
            col(ConfidentialBody.shredded_at).is_(None),
        )
        query = query.with_for_update()  # whoever withdraws one waits, and destroys it after
        for body in (await session.execute(query)).scalars():
            keyring.vault.keep(body.id, key_of(keyring, body))
            body.key_id = body.wrapped_key = None


@documents.command("trace")
def documents_trace(file: LeakedFile) -> None:
    """Print the ids that a leaked copy carries; an owner asks the service whose they are."""
    with file.open("rb") as copy:
        found = [name_of(view_id) for view_id in marks_in(copy)]
    for name in found:
        typer.echo(name)
    if not found:
        say("it carries no id of a copy")
        raise typer.Exit(1)


@proof.command("verify")
def proof_verify(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The document.")],
    proof_path: Annotated[
        Path, typer.Argument(metavar="PROOF", exists=True, dir_okay=False, help="Its proof.")
    ],
    trusted: Annotated[
        Path | None,
        typer.Option("--ca", exists=True, dir_okay=False, help="Certificates (PEM) you trust."),
    ] = None,
) -> None:
    """Verify offline that a document existed at a time; print what the proof shows."""
    roots = load_pem_x509_certificates(trusted.read_bytes()) if trusted else []
    with file.open("rb") as document:
        found = verify_proof(document, proof_path.read_bytes(), roots)
    typer.echo(f"{found.label}\nSHA-256 {found.sha256}\nexisted at {found.timestamped_at}")
    whom = "certificate you trust" if trusted else "certificate to compare with the authority's own"
    for fingerprint in found.authority:
        typer.echo(f"{whom}: SHA-256 {fingerprint}")
