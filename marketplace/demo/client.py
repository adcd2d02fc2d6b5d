"""A thin client of the HTTP API, as a program of a user would have."""

import time
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

import httpx2

TIMEOUT_SECONDS: Final = 30.0


class ApiRefusalError(Exception):
    """The API answered with a problem document."""

    def __init__(self, response: httpx2.Response) -> None:
        problem = _problem(response)
        super().__init__(f"{response.request.method} {response.url.path}: {problem['detail']}")
        self.status: int = response.status_code
        self.code: str = problem["code"]


def _problem(response: httpx2.Response) -> dict[str, Any]:
    """The problem document; made up when something before the API answered in its place."""
    if response.headers.get("content-type") != "application/problem+json":
        return {"detail": f"status {response.status_code}", "code": "no_problem_document"}
    problem: dict[str, Any] = response.json()
    return problem


class Client:
    """Calls the API as one signed-in person, or as nobody."""

    def __init__(self, url: str) -> None:
        self._http = httpx2.Client(base_url=url, timeout=TIMEOUT_SECONDS, trust_env=False)
        self.organisation_id = ""

    def sign_up(self, email: str, password: str, name: str, country: str, region: str) -> None:
        who = {"email": email, "password": password}
        about = {"display_name": name, "country": country, "region": region}
        self.post("/v1/users", who | about)
        self.sign_in(email, password)

    def sign_in(self, email: str, password: str, organisation_id: str | None = None) -> None:
        """Sign in for an organisation, and send its token from now on."""
        who = {"email": email, "password": password, "organisation_id": organisation_id}
        answer = self.post("/v1/sessions", who)
        self.organisation_id = answer["organisation"]["id"]
        self._http.headers["authorization"] = f"Bearer {answer['token']}"

    def get(self, path: str, **query: Any) -> Any:
        return _read(self._send("GET", path, params=query))

    def post(self, path: str, body: Any = None) -> Any:
        """Send under a new Idempotency-Key, so that a repeated send would do nothing twice."""
        headers = {"idempotency-key": uuid4().hex}
        return _read(self._send("POST", path, json=body, headers=headers))

    def put(self, path: str, body: Any) -> Any:
        return _read(self._send("PUT", path, json=body))

    def upload(self, path: str, content: bytes, media_type: str) -> Any:
        headers = {"content-type": media_type}
        return _read(self._send("POST", path, content=content, headers=headers))

    def download(self, path: str) -> bytes:
        response = self._send("GET", path)
        if not response.is_success:
            raise ApiRefusalError(response)
        return response.content

    def _send(self, method: str, path: str, **about: Any) -> httpx2.Response:
        """Send a request, and again after the wait that a rate limit asks for."""
        while True:
            response = self._http.request(method, path, **about)
            if response.status_code != HTTPStatus.TOO_MANY_REQUESTS:
                return response
            time.sleep(float(response.headers["retry-after"]))


def _read(response: httpx2.Response) -> Any:
    if not response.is_success:
        raise ApiRefusalError(response)
    return response.json() if response.content else None
