"""A client that does not give up: the same request with the same key, until it is answered."""

import time
from typing import Any
from uuid import uuid4

import httpx2

from tests.processes.service import PATIENCE_SECONDS, POLL_SECONDS


class Caller:
    """Calls the API as one person, through any number of broken connections."""

    def __init__(self, url: str) -> None:
        self._http = httpx2.Client(base_url=url, timeout=30, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def sign_up(self, name: str) -> None:
        who = {"email": f"{name}@example.com", "password": f"password of {name}"}
        self.post("/v1/users", who | {"display_name": name, "country": "KR"})
        self.sign_in(name)

    def sign_in(self, name: str) -> None:
        who = {"email": f"{name}@example.com", "password": f"password of {name}"}
        token = self.post("/v1/sessions", who)["token"]
        self._http.headers["authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: Any) -> Any:
        return self._insist("GET", path, params=query)

    def post(self, path: str, body: Any = None) -> Any:
        return self._insist("POST", path, json=body, headers={"idempotency-key": uuid4().hex})

    def put(self, path: str, body: Any) -> Any:
        return self._insist("PUT", path, json=body)

    def upload(self, path: str, content: bytes) -> Any:
        return self._insist("POST", path, content=content, headers={"content-type": "text/csv"})

    def _insist(self, method: str, path: str, **request: Any) -> Any:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self._try(method, path, request)
            if answer is not None:
                assert answer.is_success, answer.text
                return answer.json()
            assert time.monotonic() < deadline, f"no answer to {method} {path}"
            time.sleep(POLL_SECONDS)

    def _try(self, method: str, path: str, request: dict[str, Any]) -> httpx2.Response | None:
        """The answer; None when the connection broke, or the service says to try again."""
        try:
            answer = self._http.request(method, path, **request)
        except httpx2.TransportError:
            return None
        return None if answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE else answer
