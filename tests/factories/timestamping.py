"""A time-stamping authority on this machine: `openssl ts` behind a small HTTP server."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CONFIGURATION = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
"""
Signed = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def _certificate(name: str, signer: Signed | None = None, *, days: int = 3650) -> Signed:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begins = datetime.now(UTC) - timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer[0].subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
    )
    if signer:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(signer[1] if signer else key, hashes.SHA256()), key


def make_authority(folder: Path, *, days: int = 3650) -> Path:
    """Keys and certificates of an authority, good for some days; returns the file of its root."""
    folder.mkdir(parents=True, exist_ok=True)
    root = _certificate("Root of time")
    signer, key = _certificate("Time here", root, days=days)
    (folder / "ca.pem").write_bytes(root[0].public_bytes(Encoding.PEM))
    (folder / "tsa.pem").write_bytes(signer.public_bytes(Encoding.PEM))
    (folder / "tsa.key").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    (folder / "tsa.cnf").write_text(CONFIGURATION.format(folder=folder))
    (folder / "serial").write_text("01")
    return folder / "ca.pem"


class _Desk(BaseHTTPRequestHandler):
    folder: Path
    is_open = True

    def do_POST(self) -> None:
        query = self.rfile.read(int(self.headers["content-length"]))
        (self.folder / "query.tsq").write_bytes(query)
        if not self.is_open:
            self.send_error(503)
            return
        command = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq"]
        made = subprocess.run(command, cwd=self.folder, capture_output=True, check=True)
        self.send_response(200)
        self.send_header("content-type", "application/timestamp-reply")
        self.end_headers()
        self.wfile.write(made.stdout)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, type[_Desk]]]:
    """The address of the authority, and its desk, which can be closed."""
    desk = type("Desk", (_Desk,), {"folder": folder})
    server = HTTPServer(("127.0.0.1", 0), desk)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", desk
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
