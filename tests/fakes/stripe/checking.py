"""Every request and every answer of the fake against Stripe's document."""

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote

import jsonschema_rs

from tests.fakes.stripe.document import PATHS, document

URI = "stripe:document"
FORM = "application/x-www-form-urlencoded"


class NotAsStripeError(AssertionError):
    """The fake answered what Stripe never would."""


@dataclass(frozen=True)
class Operation:
    """One method of one path, and how a request and an answer of it look."""

    method: str
    path: str
    names: dict[str, str] = field(compare=False, hash=False, default_factory=dict)

    @property
    def _place(self) -> str:
        return f"/paths/{self.path.replace('/', '~1')}/{self.method.lower()}"

    @property
    def description(self) -> dict[str, Any] | None:
        found = document()
        return found["paths"][self.path].get(self.method.lower()) if found else None

    def schema(self) -> dict[str, Any]:
        """Of the form, or of the query of a GET."""
        described = self.description
        if described is None:
            return {}
        if self.method == "POST":
            form: dict[str, Any] = described["requestBody"]["content"][FORM]["schema"]
            return form
        asked = [one for one in described.get("parameters", []) if one["in"] == "query"]
        return {
            "type": "object",
            "properties": {one["name"]: one["schema"] for one in asked},
            "additionalProperties": False,
        }

    def problem(self, values: dict[str, Any]) -> str | None:
        """What Stripe would find wrong with a request."""
        if self.method == "POST":
            media_type = FORM.replace("/", "~1")
            return _first(f"{self._place}/requestBody/content/{media_type}/schema", values)
        unknown = values.keys() - self.schema().get("properties", values).keys()
        return f"Received unknown parameter: {min(unknown)}" if unknown else None

    def require(self, answer: dict[str, Any]) -> None:
        """Raises NotAsStripeError when an answer is not one of Stripe's."""
        place = f"{self._place}/responses/200/content/application~1json/schema"
        if wrong := _first(place, answer):
            raise NotAsStripeError(f"{self.method} {self.path}: {wrong}")


def require_event(event: dict[str, Any]) -> None:
    if wrong := _first("/components/schemas/event", event):
        raise NotAsStripeError(f"event: {wrong}")


@cache
def _routes() -> list[tuple[re.Pattern[str], str]]:
    by_names = sorted(PATHS, key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path)), path) for path in by_names]


def find_operation(method: str, path: str) -> Operation | None:
    for pattern, template in _routes():
        if found := pattern.fullmatch(path):
            return Operation(method, template, found.groupdict())
    return None


@cache
def _registry() -> Any:
    found = document()
    assert found
    whole = {"paths": found["paths"], "components": {"schemas": found["schemas"]}}
    return jsonschema_rs.Registry([(URI, whole)])


@cache
def _validator(place: str) -> Any:
    reference = f"{URI}#{quote(place, safe='/~')}"
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", "$ref": reference}
    return jsonschema_rs.validator_for(schema, registry=_registry())


def _first(place: str, value: Any) -> str | None:
    """The first thing that is wrong; nothing is where the document is not installed."""
    if document() is None:
        return None
    error = next(_validator(place).iter_errors(value), None)
    if error is None:
        return None
    where = ".".join(str(part) for part in error.instance_path)
    return f"{where}: {error.message}"[:300]
