"""Pages: a template, the visitor's language, and headers that let a page do nothing but be read."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.oauth.metadata import AUTHORIZE
from marketplace.pages.texts import LANGUAGES, TEXTS, accepted, preferred

TEMPLATES: Final = Path(__file__).parent / "templates"
ACCOUNT: Final = "/account"
LANGUAGE: Final = "ui_locales"
STYLE: Final = (TEMPLATES / "style.css").read_bytes()
STYLE_PATH: Final = "/pages/style.css"
STYLE_ADDRESS: Final = f"{STYLE_PATH}?{hashlib.sha256(STYLE).hexdigest()[:12]}"

ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

Asked = dict[str, str]
"""The parameters of an authorization request, which a page is a part of."""


def language_of(request: Request, asked: Asked) -> str:
    """What the link asks for, else what the browser prefers."""
    wishes = asked.get(LANGUAGE, "").split()
    return preferred(*wishes, *accepted(request.headers.get("accept-language", "")))


def page(
    request: Request,
    template: str,
    asked: Asked,
    *,
    status: int = 200,
    leads_to: str = "",
    **values: Any,
) -> Response:
    """Render a page in the visitor's language.

    `asked` is the authorization request, for which the page can be had in another language;
    `leads_to` is where the answer to its form may send the browser, beside here.
    """
    language = language_of(request, asked)
    content = ENVIRONMENT.get_template(template).render(
        say=_speaker(language),
        knows=TEXTS[language].__contains__,
        language=language,
        languages={tag: (name, address(asked, ui_locales=tag)) for tag, name in LANGUAGES.items()},
        style=STYLE_ADDRESS,
        request_again=urlencode(asked),
        **values,
    )
    headers = {"content-security-policy": _policy(leads_to), "vary": "accept-language, cookie"}
    return Response(content, status, headers, media_type="text/html")


def address(asked: Asked, **changed: str) -> str:
    """The address of an authorization request, on this server; without one, of the account page."""
    path, query = ACCOUNT if is_no_request(asked) else AUTHORIZE, urlencode(asked | changed)
    return f"{path}?{query}" if query else path


def is_no_request(asked: Asked) -> bool:
    """Whether no application sent the person here: all that is asked for is a language."""
    return asked.keys() <= {LANGUAGE}


def return_host(uri: str) -> str:
    """Where an address leads, as a person reads it."""
    parts = urlsplit(uri)
    return parts.netloc or parts.scheme


async def style(request: Request, session: AsyncSession) -> Response:
    """The style sheet; its address changes when it does."""
    cached = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(STYLE, headers=cached, media_type="text/css")


def _speaker(language: str) -> Callable[..., str]:
    texts = TEXTS[language]

    def say(key: str, **values: str) -> str:
        return texts[key].format(**values)

    return say


def _policy(leads_to: str) -> str:
    """No script, no frame. Browsers hold a form's redirects to `form-action` as well."""
    uri = urlsplit(leads_to)
    back = f" {uri.scheme}:" + (f"//{uri.netloc}" if uri.netloc else "") if leads_to else ""
    return (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none';"
        f" form-action 'self'{back}"
    )
