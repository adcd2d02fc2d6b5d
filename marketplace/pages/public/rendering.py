"""Public pages: a template, the reader's language, and headers that let a page only be read."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import orjson
from fastapi import Request, Response
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import Headers

from marketplace.kernel.fast_lane import Ready
from marketplace.pages.public.texts import TEXTS
from marketplace.pages.rendering import ENVIRONMENT, TEMPLATES
from marketplace.pages.texts import LANGUAGES, accepted, preferred

HOME: Final = "/"
CATALOGUE: Final = "/catalogue"
LISTING: Final = CATALOGUE + "/{listing_id}"
AUCTIONS: Final = "/auctions"
AUCTION: Final = AUCTIONS + "/{auction_id}"
DATA: Final = "/v1/open-data"
LANGUAGE: Final = "lang"
STYLE: Final = (TEMPLATES / "public.css").read_bytes()
STYLE_PATH: Final = "/pages/public.css"
STYLE_ADDRESS: Final = f"{STYLE_PATH}?{hashlib.sha256(STYLE).hexdigest()[:12]}"
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src data:; media-src 'self'; base-uri 'none';"
    " frame-ancestors 'none'; form-action 'self'"
)
HEADERS: Final = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", POLICY.encode()),
    (b"vary", b"accept-language, accept-encoding"),
    (b"cache-control", b"public, max-age=1"),
)

FIELDS_MAX: Final = 20

Query = Mapping[str, str]


def query_of(raw: str) -> dict[str, str]:
    """The parameters of an address; of one that is repeated, the last. Too many are none."""
    try:
        return dict(parse_qsl(raw, max_num_fields=FIELDS_MAX))
    except ValueError:
        return {}


def raw_query(request: Request) -> str:
    """The query as it was sent, whatever its bytes are."""
    query: bytes = request.scope["query_string"]
    return query.decode("latin-1")


def language_of(asked: Query, headers: Headers) -> str:
    """What the address asks for, else what the browser prefers."""
    header = headers.get("accept-language", "")
    return preferred(*filter(None, [asked.get(LANGUAGE)]), *accepted(header))


def address(path: str, **query: str | None) -> str:
    given = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


def render(
    template: str, language: str, origin: str, path: str, asked: Query, **values: Any
) -> bytes:
    """A page as bytes; `asked` is kept in the addresses of its other languages."""
    others = {name: value for name, value in asked.items() if name != LANGUAGE}
    languages = {tag: (name, address(path, **others, lang=tag)) for tag, name in LANGUAGES.items()}
    page = ENVIRONMENT.get_template(f"public/{template}").render(
        say=_speaker(language),
        language=language,
        languages=languages,
        origin=origin,
        style=STYLE_ADDRESS,
        menu=_menu(language),
        **values,
    )
    return page.encode()


def _menu(language: str) -> dict[str, str]:
    return {
        "figures": address(HOME, lang=language),
        "catalogue": address(CATALOGUE, lang=language),
        "auctions": address(AUCTIONS, lang=language),
        "data": DATA,
        "api": "/docs",
        "account": address("/account", ui_locales=language),
    }


def _speaker(language: str) -> Callable[..., str]:
    texts = TEXTS[language]

    def say(key: str, **values: Any) -> str:
        return texts[key].format(**values)

    return say


def structured(data: Mapping[str, Any]) -> Markup:
    """Structured data for a page: JSON that cannot end the element that it stands in."""
    written = orjson.dumps({"@context": "https://schema.org", **data}).decode()
    return Markup(written.replace("<", "\\u003c"))  # noqa: S704 - cannot close the element


def as_response(ready: Ready) -> Response:
    headers = {name.decode(): value.decode() for name, value in ready.headers}
    return Response(ready.body, ready.status, headers)


def page_response(page: bytes, status: int = 200) -> Response:
    headers = {name.decode(): value.decode() for name, value in HEADERS}
    return Response(page, status, headers)


async def style(request: Request, session: AsyncSession) -> Response:
    """The style sheet; its address changes when it does."""
    cached = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(STYLE, headers=cached, media_type="text/css")


def choices(
    path: str, base: Query, name: str, options: Sequence[tuple[str, str]], chosen: str
) -> list[dict[str, Any]]:
    """Links that change one parameter of an address and keep the others."""
    return [
        {
            "label": label,
            "href": address(path, **{**base, name: value}),
            "chosen": value == chosen,
        }
        for value, label in options
    ]
