"""A bare handler that sends as many bytes as the front page, whatever it is asked for."""

import os
from typing import Any, Final

BODY: Final = b"x" * int(os.environ["PAGE_BYTES"])
START: Final = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(BODY)).encode()),
    ],
}


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send(START)
        await send({"type": "http.response.body", "body": BODY})
