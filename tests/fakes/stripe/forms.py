"""Stripe's form encoding: `a[b][0]=1` as nested values, typed as the schema says."""

import re
from typing import Any
from urllib.parse import parse_qsl

_KEYS = re.compile(r"[^\[\]]+|(?<=\[)(?=\])")
_INTEGER = re.compile(r"-?\d+")


def decode(encoded: str, schema: dict[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        *path, last = _KEYS.findall(name)
        place = nested
        for key in path:
            place = place.setdefault(key, {})
        place[last or str(len(place))] = value
    typed: dict[str, Any] = _typed(nested, schema)
    return typed


def _typed(value: Any, schema: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return _typed_object(value, schema)
    types = {schema.get("type"), *(one.get("type") for one in schema.get("anyOf", []))}
    if "integer" in types and _INTEGER.fullmatch(value):
        return int(value)
    if "boolean" in types and value in {"true", "false"}:
        return value == "true"
    return value


def _typed_object(value: dict[str, Any], schema: dict[str, Any]) -> Any:
    for one in schema.get("anyOf", []):
        if one.get("type") in {"object", "array"}:
            schema = one
            break
    if schema.get("type") == "array":
        items = schema.get("items", {})
        return [_typed(value[key], items) for key in sorted(value, key=int)]
    rest = schema.get("additionalProperties")
    rest = rest if isinstance(rest, dict) else {}
    return {
        key: _typed(item, schema.get("properties", {}).get(key, rest))
        for key, item in value.items()
    }
