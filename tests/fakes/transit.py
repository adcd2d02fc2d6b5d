"""A transit engine at its door: it wraps keys by one that it alone has, for those with a token."""

import base64
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

from cryptography.fernet import Fernet, InvalidToken

TOKEN = "s.a-token-of-this-test"


class FakeTransit(BaseHTTPRequestHandler):
    key = Fernet.generate_key()
    is_sealed = False
    asked: list[str]

    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.asked.append(self.path)
        token = self.headers.get("x-vault-token", "")
        if self.is_sealed or not secrets.compare_digest(token, TOKEN):
            self._answer(503 if self.is_sealed else 403, {"errors": ["no"]})
        elif self.path == "/v1/transit/encrypt/marketplace":
            content = base64.b64decode(question["plaintext"], validate=True)
            wrapped = f"vault:v1:{Fernet(self.key).encrypt(content).decode()}"
            self._answer(200, {"data": {"ciphertext": wrapped, "key_version": 1}})
        elif self.path == "/v1/transit/decrypt/marketplace":
            self._decrypt(question["ciphertext"])
        else:
            self._answer(404, {"errors": []})

    def _decrypt(self, wrapped: str) -> None:
        try:
            content = Fernet(self.key).decrypt(wrapped.removeprefix("vault:v1:"))
        except InvalidToken:
            self._answer(400, {"errors": ["cipher: message authentication failed"]})
        else:
            self._answer(200, {"data": {"plaintext": base64.b64encode(content).decode()}})

    def _answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def transit() -> Iterator[tuple[str, type[FakeTransit]]]:
    """The address of the engine, and its desk, which can be sealed."""
    desk = type("Desk", (FakeTransit,), {"asked": []})
    server = HTTPServer(("127.0.0.1", 0), desk)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/transit", desk
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
