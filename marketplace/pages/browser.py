"""A browser's cookies: who is signed in, and that a form was opened by the one that sends it."""

import hashlib
import hmac
from datetime import timedelta
from typing import Final

from fastapi import Request, Response

from marketplace.accounts.authentication import new_secret
from marketplace.settings import Settings

SESSION: Final = "marketplace_session"
FORM: Final = "marketplace_form"


class Browser:
    """What a request's cookies say; `set_…` puts new ones on the answer."""

    def __init__(self, request: Request) -> None:
        settings: Settings = request.app.state.settings
        self._secure = settings.issuer.startswith("https://")
        self.session = request.cookies.get(self._name(SESSION), "")
        self._opened = request.cookies.get(self._name(FORM), "")
        self._form = self._opened or new_secret("")

    @property
    def form_proof(self) -> str:
        """Goes into a form as a hidden field: no other site knows it, nor reads it in ours."""
        return hashlib.sha256(f"form:{self._form}:{self.session}".encode()).hexdigest()

    @property
    def secret(self) -> str:
        """What this browser alone has; nothing before it opened a form here."""
        return self._opened

    def proves(self, sent: str) -> bool:
        """Whether a form was opened here, by the same browser in the same session."""
        proof = self.form_proof if self._opened else ""
        return bool(proof) and hmac.compare_digest(proof.encode(), sent.encode())

    def set_form(self, response: Response) -> Response:
        self._set(response, FORM, self._form)
        return response

    def end_session(self, response: Response) -> Response:
        response.delete_cookie(
            self._name(SESSION), path="/", secure=self._secure, httponly=True, samesite="lax"
        )
        return response

    def set_session(self, response: Response, cookie: str, lifetime: timedelta) -> Response:
        self._set(response, SESSION, cookie, max_age=int(lifetime.total_seconds()))
        return response

    def _name(self, name: str) -> str:
        """With `__Host-`, no neighbouring host can set it."""
        return f"__Host-{name}" if self._secure else name

    def _set(self, response: Response, name: str, value: str, max_age: int | None = None) -> None:
        response.set_cookie(
            self._name(name),
            value,
            max_age=max_age,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )
