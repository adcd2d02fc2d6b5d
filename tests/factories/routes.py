"""Every operation of the service, read from the routes themselves, and a body that each accepts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from marketplace.accounts.access import current_actor, permissions_of
from marketplace.accounts.permissions import ROLE_PERMISSIONS, MemberRole, Permission

NOBODY = str(UUID(int=7))
"""An id that nothing has."""

PATH_DEFAULTS = {"consumer": "deals", "sequence": "1"}

ACCOUNT = {
    "holder_name": "홍길동",
    "account_number": "110-123-456789",
    "bank_code": "SHBKKRSE",
    "country": "KR",
}
PRICE = {"amount_minor": 90_000_000, "currency": "KRW"}

BODIES: Mapping[str, Any] = {
    "sign_up": {
        "email": "fresh@example.com",
        "password": "long and private",
        "display_name": "홍길동",
        "country": "KR",
        "region": "KR-11",
    },
    "sign_in": {
        "email": "nobody@example.com",
        "password": "long and private",
        "organisation_id": NOBODY,
    },
    "create_organisation": {
        "name": "Hanbit Materials",
        "kind": "company",
        "country": "KR",
        "region": "KR-11",
    },
    "add_member": {"email": "nobody@example.com", "role": "member"},
    "register_right": {
        "kind": "patent",
        "title": "권리 확인 방법",
        "abstract": "등록 상태를 확인한다.",
        "language": "ko",
        "identifier": {"number": "KR 10-7654321", "office": "KR", "document_class": "registration"},
        "classifications": ["G06Q 50/18"],
    },
    "record_legal_event": {"kind": "lapsed", "occurred_on": "2026-01-05", "source": "gazette 17"},
    "put_confidential_text": {"content": "how the shelf dries an umbrella"},
    "create_listing": {
        "right_id": NOBODY,
        "title": "A shelf",
        "teaser": "It dries.",
        "language": "en",
        "asking_price_minor": 90_000_000,
        "currency": "KRW",
    },
    "edit_listing": {"title": "A shelf", "teaser": "It dries.", "asking_price_minor": 1},
    "make_offer": {"price": PRICE, "message": "for our Busan plant", "valid_until": None},
    "counter_offer": {"price": PRICE, "message": "as a set", "valid_until": None},
    "accept_offer": {"offer_number": 1},
    "amend_agreement": {"additional_terms": "Training is included."},
    "sign_agreement": {"sha256": "0" * 64},
    "record_transfer": {"evidence": "register extract 2026-01-05"},
    "reject_recordal": {"evidence": "notice of refusal 2026-01-05"},
    "open_dispute": {"reason": "the extract is of another right"},
    "resolve_split": {"to_seller_minor": 40_000_000},
    "set_fee_policy": {
        "commission_basis_points": 400,
        "valid_from": "2099-01-01T00:00:00+09:00",
        "reason": "board decision",
    },
    "apply_bank_entry": {"reference": "MP00000000"},
    "refund_bank_entry": {"account": ACCOUNT},
    "set_payee_account": ACCOUNT,
    "create_payout_batch": {"currency": "KRW"},
    "return_payout": {"reason": "account closed"},
    "choose_provider": {"provider": "bank"},
    "choose_payout_method": {"method": "bank"},
    "create_stripe_payouts": {"currency": "USD"},
    "submit_evidence": {"evidence": "register extract 2026-01-05"},
}


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    method: str
    path: str
    route: APIRoute

    @property
    def label(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def name(self) -> str:
        return self.route.name

    @property
    def parameters(self) -> list[str]:
        return [field.name for field in self.route.dependant.path_params]

    @property
    def query(self) -> set[str]:
        """The names of its query parameters; one that is a model stands for its fields."""
        fields = self.route.dependant.query_params
        models = [
            f.field_info.annotation
            for f in fields
            if hasattr(f.field_info.annotation, "model_fields")
        ]
        return {f.name for f in fields} | {name for model in models for name in model.model_fields}

    @cached_property
    def permissions(self) -> tuple[Permission, ...]:
        return permissions_of(self.route.dependant)

    @cached_property
    def needs_token(self) -> bool:
        return _asks(self.route.dependant, current_actor)

    @property
    def body(self) -> Any:
        return BODIES[self.name] if self.route.body_field else None

    def lets(self, role: MemberRole) -> bool:
        if not self.permissions:
            return True
        return any(asked in ROLE_PERMISSIONS[role] for asked in self.permissions)

    @property
    def lets_companies(self) -> bool:
        return self.lets(MemberRole.OWNER)

    def address(self, ids: Mapping[str, str]) -> str:
        known = dict.fromkeys(self.parameters, NOBODY) | PATH_DEFAULTS
        return self.path.format_map(known | dict(ids))


def _asks(dependant: Dependant, call: object) -> bool:
    return dependant.call is call or any(_asks(d, call) for d in dependant.dependencies)


def operations(app: FastAPI) -> list[Operation]:
    """Every operation that the app answers, whoever mounted it."""
    return list(_operations(app))


def _operations(app: FastAPI) -> Iterator[Operation]:
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute):
            assert context.path_format == route.path_format
            for method in sorted(route.methods):
                yield Operation(method, route.path_format, route)
