"""Every operation of the API, for people to read and try: Swagger UI, served from here.

Nothing is loaded from elsewhere, so the page works without the internet, and no other host can put
a script into a page where people type tokens.
"""

import gzip
import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel import openapi

DOCS: Final = "/docs"
ASSET: Final = DOCS + "/{name}"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Swagger UI writes styles into its page; scripts come from here alone."""
CACHED: Final = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}

_SHIPPED: Final = "fastapi_swagger"
_START: Final = f"""addEventListener("DOMContentLoaded", () => SwaggerUIBundle({{
  url: "{openapi.PATH}", dom_id: "#docs", deepLinking: true, docExpansion: "none", filter: true,
  layout: "BaseLayout", validatorUrl: null,
}}));
"""
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Idea and Patent Marketplace · API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{swagger-ui.css}">
<script src="{swagger-ui-bundle.js}"></script>
<script src="{start.js}"></script>
</head><body><div id="docs"></div>
<noscript>The operations are described in <a href="/openapi.json">openapi.json</a>.</noscript>
</body></html>
"""
_TYPES: Final = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "start.js": "text/javascript",
}


async def docs(request: Request, session: AsyncSession) -> Response:
    """The page; what it loads changes its address when its content does."""
    content = _PAGE
    for name in _TYPES:
        content = content.replace(f"{{{name}}}", f"{DOCS}/{name}?{_digest(name)}")
    headers = {"content-security-policy": POLICY}
    return Response(content, headers=headers, media_type="text/html")


async def asset(request: Request, session: AsyncSession) -> Response:
    """A script or a style sheet of the page."""
    name = str(request.path_params["name"])
    if name not in _TYPES:
        return Response("There is no such file.", 404, media_type="text/plain")
    if "gzip" in request.headers.get("accept-encoding", ""):
        packed = CACHED | {"content-encoding": "gzip"}
        return Response(_packed(name), headers=packed, media_type=_TYPES[name])
    return Response(_content(name), headers=CACHED, media_type=_TYPES[name])


def _content(name: str) -> bytes:
    if name == "start.js":
        return _START.encode()
    return files(_SHIPPED).joinpath("resources", name).read_bytes()


@cache
def _packed(name: str) -> bytes:
    return gzip.compress(_content(name), mtime=0)


@cache
def _digest(name: str) -> str:
    return hashlib.sha256(_content(name)).hexdigest()[:12]
