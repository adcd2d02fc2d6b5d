"""Who may do what, as one table. Ownership of the thing itself is checked where it is loaded."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class MemberRole(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"
    OPERATOR = "operator"


class Permission(StrEnum):
    READ = "read"
    MANAGE_MEMBERS = "members:manage"
    MANAGE_CLIENTS = "clients:manage"
    MANAGE_BANK_ACCOUNT = "bank_account:manage"
    REGISTER_RIGHTS = "rights:register"
    LIST = "listings:write"
    NEGOTIATE = "offers:write"
    SIGN = "agreements:sign"
    PERFORM_DEALS = "deals:perform"
    OPERATE_DEALS = "deals:operate"
    OPERATE_LISTINGS = "listings:operate"
    OPERATE_PAYMENTS = "payments:operate"
    OPERATE_SYSTEM = "system:operate"


P = Permission
_MEMBER: Final = {P.READ, P.REGISTER_RIGHTS, P.LIST, P.NEGOTIATE, P.PERFORM_DEALS}
_ADMIN: Final = _MEMBER | {P.MANAGE_MEMBERS, P.MANAGE_CLIENTS, P.MANAGE_BANK_ACCOUNT, P.SIGN}
_OPERATE: Final = {P.OPERATE_DEALS, P.OPERATE_LISTINGS, P.OPERATE_PAYMENTS, P.OPERATE_SYSTEM}

ROLE_PERMISSIONS: Final[Mapping[MemberRole, frozenset[Permission]]] = {
    MemberRole.OWNER: frozenset(_ADMIN),
    MemberRole.ADMIN: frozenset(_ADMIN),
    MemberRole.MEMBER: frozenset(_MEMBER),
    MemberRole.VIEWER: frozenset({P.READ}),
    MemberRole.OPERATOR: frozenset({P.READ, P.MANAGE_CLIENTS} | _OPERATE),
}


class OpenIdScope(StrEnum):
    """What a client learns of the person who uses it, beside what it may do for them."""

    OPENID = "openid"
    PROFILE = "profile"
    EMAIL = "email"
    OFFLINE_ACCESS = "offline_access"


Scope = Permission | OpenIdScope
"""What a client is given: permissions under their own names, and OpenID's four."""
SCOPES: Final = frozenset[Scope]({*Permission, *OpenIdScope})

_DEALING: Final = frozenset(_MEMBER | {P.SIGN})
_ORGANISED: Final = _DEALING | {P.MANAGE_MEMBERS}
_INSTITUTION: Final = frozenset({P.READ, P.MANAGE_MEMBERS})

KIND_PERMISSIONS: Final[Mapping[str, frozenset[Permission]]] = {
    "person": _DEALING,
    "company": _ORGANISED,
    "university": _ORGANISED,
    "research_institute": _ORGANISED,
    "public_body": _ORGANISED,
    "agency": _ORGANISED - {P.SIGN},
    "valuation_institution": _INSTITUTION,
    "lender": _INSTITUTION,
    "guarantor": _INSTITUTION,
    "insurer": _INSTITUTION,
    "operator": frozenset({P.READ} | _OPERATE),
}
"""What the clients of a kind of organisation may do at most. No client manages clients, or says
where money is paid to."""

NEVER_ALONE: Final = frozenset({P.SIGN, P.MANAGE_MEMBERS} | _OPERATE)
"""What takes a person who uses the client: it never goes to a machine that acts alone."""
