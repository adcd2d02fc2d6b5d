"""Where the links in our letters lead: forms that work without a script.

Opening a link changes nothing, because programs open links too: mail filters, previews. The button
on the page does it. The secret in the address is all it takes, so no other site can press it.
"""

import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from html import escape
from string import Template
from typing import Final

from fastapi import Request, Response
from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.routing import Route

from marketplace.accounts.callers import caller_of
from marketplace.accounts.emails.schemas import EmailConfirm
from marketplace.accounts.emails.service import confirm
from marketplace.accounts.errors import CONSTRAINT_ERRORS
from marketplace.accounts.letters import RESET_PAGE, VERIFY_PAGE, letters_of
from marketplace.accounts.passwords.schemas import Reset, ResetRequest
from marketplace.accounts.passwords.service import request_reset, reset
from marketplace.kernel.db import Sessions
from marketplace.kernel.errors import MarketplaceError
from marketplace.kernel.problems import translate
from marketplace.pages.mailed_link_texts import FALLBACK, TEXTS

Act = Callable[[AsyncSession, Request, dict[str, str]], Awaitable[None]]
"""What a button does, with what the form says."""

_FIELDS_MAX: Final = 10
_STYLE: Final = (
    "body{font:1rem/1.6 system-ui,sans-serif;max-width:26rem;margin:4rem auto;padding:0 1rem}"
    "label,input,button{display:block;width:100%;box-sizing:border-box;font:inherit}"
    "input{padding:.6rem;margin:.3rem 0 1rem}button{padding:.7rem;cursor:pointer}"
    ":root{color-scheme:light dark}"
)
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",  # the address holds the secret
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}
_PAGE: Final = Template(
    """<!doctype html>
<html lang="$language"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>$title</title><style>$style</style></head>
<body><main><h1>$title</h1>
$content
</main></body></html>
"""
)
_FORM: Final = Template(
    """<form method="post">
$fields
<button>$button</button></form>"""
)
_TOKEN: Final = Template('<input type="hidden" name="token" value="$value">')
_EMAIL: Final = Template(
    '<label for="email">$label</label>'
    '<input id="email" name="email" type="email" autocomplete="username" required autofocus>'
)
_PASSWORD: Final = Template(
    '<label for="password">$label</label><input id="password" name="password" type="password"'
    ' autocomplete="new-password" minlength="10" maxlength="200" required autofocus>'
)


async def _verify(session: AsyncSession, request: Request, sent: dict[str, str]) -> None:
    asked = EmailConfirm.model_validate(sent)
    await confirm(session, asked.token.get_secret_value(), letters=await letters_of(request))


async def _reset(session: AsyncSession, request: Request, sent: dict[str, str]) -> None:
    asked, caller = Reset.model_validate(sent), await caller_of(request)
    await reset(session, asked, letters=await letters_of(request), caller=caller)


async def _ask(session: AsyncSession, _request: Request, sent: dict[str, str]) -> None:
    await request_reset(session, ResetRequest.model_validate(sent).email)


async def verify_email(request: Request) -> Response:
    """Confirm an address: a button, then a word that it is done."""
    return await _answer(request, "verify", _verify)


async def reset_password(request: Request) -> Response:
    """Choose a new password; without a secret in the address, ask for a link to be mailed."""
    if request.query_params.get("token"):
        return await _answer(request, "reset", _reset)
    return await _answer(request, "ask", _ask)


ROUTES: Final = (
    Route(VERIFY_PAGE, verify_email, methods=["GET", "POST"], include_in_schema=False),
    Route(RESET_PAGE, reset_password, methods=["GET", "POST"], include_in_schema=False),
)


async def _answer(request: Request, page: str, act: Act) -> Response:
    """Show a form, or do what it asks for and tell how it went."""
    if request.method != "POST":
        return _page(request, page, _form(request, page))
    try:
        await _do(request, act)
    except ValidationError:
        return _page(request, page, _told(request, "invalid") + _form(request, page), 422)
    except MarketplaceError as error:
        told = _told(request, error.code) + _form(request, page)
        return _page(request, page, told, error.status)
    return _page(request, page, _told(request, f"{page}.done"))


async def _do(request: Request, act: Act) -> None:
    sessions: Sessions = request.app.state.sessions
    async with request.form(max_files=0, max_fields=_FIELDS_MAX) as form:
        sent = {name: value for name, value in form.items() if isinstance(value, str)}
    try:
        async with sessions.begin() as session:
            await act(session, request, sent)
    except IntegrityError as error:
        raise translate(error, CONSTRAINT_ERRORS) from error


def _form(request: Request, page: str) -> str:
    texts = _texts(request)
    token = escape(request.query_params.get("token", ""))
    fields = {
        "verify": _TOKEN.substitute(value=token),
        "reset": _TOKEN.substitute(value=token) + _PASSWORD.substitute(label=texts["password"]),
        "ask": _EMAIL.substitute(label=texts["email"]),
    }
    return _FORM.substitute(fields=fields[page], button=texts[f"{page}.button"])


def _told(request: Request, key: str) -> str:
    texts = _texts(request)
    return f'<p role="status">{texts.get(key, texts["invalid"])}</p>'


def _page(request: Request, page: str, content: str, status: int = 200) -> Response:
    texts = _texts(request)
    body = _PAGE.substitute(
        language=texts["language"], title=texts[page], style=_STYLE, content=content
    )
    return Response(body, status, _HEADERS, media_type="text/html")


def _texts(request: Request) -> Mapping[str, str]:
    """In the first language of the browser's that is one of ours."""
    wishes = request.headers.get("accept-language", "").lower().split(",")
    spoken = (wish.strip()[:2] for wish in wishes)
    return TEXTS[next((language for language in spoken if language in TEXTS), FALLBACK)]
