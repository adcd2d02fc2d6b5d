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
    STATISTICIAN = "statistician"


class Permission(StrEnum):
    READ = "read"
    MANAGE_ACCOUNT = "account:manage"
    MANAGE_MEMBERS = "members:manage"
    MANAGE_ORGANISATION = "organisation:manage"
    OWN_ORGANISATION = "organisation:own"
    MANAGE_CLIENTS = "clients:manage"
    MANAGE_BANK_ACCOUNT = "bank_account:manage"
    REGISTER_RIGHTS = "rights:register"
    LIST = "listings:write"
    NEGOTIATE = "offers:write"
    SIGN = "agreements:sign"
    PERFORM_DEALS = "deals:perform"
    CALCULATE_VALUES = "valuations:calculate"
    ORDER_VALUATIONS = "valuations:order"
    PERFORM_VALUATIONS = "valuations:perform"
    KEEP_INSTITUTION = "institution:manage"
    READ_STATISTICS = "statistics:read"
    FINANCE = "financing:write"
    OPERATE_DEALS = "deals:operate"
    OPERATE_FINANCING = "financing:operate"
    OPERATE_IDENTITY_PROVIDERS = "identity_providers:operate"
    OPERATE_LISTINGS = "listings:operate"
    OPERATE_ORGANISATIONS = "organisations:operate"
    OPERATE_PAYMENTS = "payments:operate"
    OPERATE_SYSTEM = "system:operate"
    OPERATE_VALUATIONS = "valuations:operate"


P = Permission
DESCRIPTIONS: Final[Mapping[Permission, str]] = {
    P.READ: "Read what the organisation may see",
    P.MANAGE_ACCOUNT: "Manage one's own API keys and personal data",
    P.MANAGE_MEMBERS: "Say who acts for the organisation",
    P.MANAGE_ORGANISATION: "Edit the organisation's profile and its place in a group",
    P.OWN_ORGANISATION: "Hand the organisation over, and make or unmake owners",
    P.MANAGE_CLIENTS: "Say which of the organisation's systems and applications may call",
    P.MANAGE_BANK_ACCOUNT: "Say where the organisation is paid",
    P.REGISTER_RIGHTS: "Register ideas and rights, and put confidential texts",
    P.LIST: "Write, publish and withdraw listings",
    P.NEGOTIATE: "Make, answer, accept and withdraw offers",
    P.SIGN: "Sign agreements, which binds the organisation",
    P.PERFORM_DEALS: "Take the steps of a deal: deliver, confirm, release, dispute",
    P.CALCULATE_VALUES: "Compute values, discount rates and economic lives",
    P.ORDER_VALUATIONS: "Order valuations, accept what is delivered or object to it",
    P.PERFORM_VALUATIONS: "Institution: accept cases, write reports, review those of others",
    P.KEEP_INSTITUTION: "Institution: say what it values, how much at once, and what it must not",
    P.READ_STATISTICS: "Read finer statistics, for the state; still under disclosure control",
    P.FINANCE: "Ask for loans against rights, offer them, and run them",
    P.OPERATE_DEALS: "Operator: record transfers, decide disputes, reverse deals",
    P.OPERATE_FINANCING: "Operator: base rates, schemes of sharing losses, compensation funds",
    P.OPERATE_IDENTITY_PROVIDERS: "Operator: say by whose login a company's people sign in",
    P.OPERATE_LISTINGS: "Operator: suspend, resume and reopen listings",
    P.OPERATE_ORGANISATIONS: "Operator: suspend organisations, designate valuation institutions",
    P.OPERATE_PAYMENTS: "Operator: bank statements, payouts, fees",
    P.OPERATE_SYSTEM: "Operator: events that failed",
    P.OPERATE_VALUATIONS: "Operator: valuation models, policies, assignments and quality control",
}

PERSONAL: Final = frozenset(
    {P.MANAGE_ACCOUNT, P.MANAGE_CLIENTS, P.OWN_ORGANISATION, P.OPERATE_IDENTITY_PROVIDERS}
)
"""What only a person who signed in may do themselves: no key and no application is given it."""

GRANTABLE: Final = {p.value: about for p, about in DESCRIPTIONS.items() if p not in PERSONAL}
"""What an API key or an application may be given of what its holder may do."""

_EVERYBODY: Final = frozenset({P.READ, P.MANAGE_ACCOUNT})
_MEMBER: Final = _EVERYBODY | {
    P.REGISTER_RIGHTS,
    P.LIST,
    P.NEGOTIATE,
    P.PERFORM_DEALS,
    P.CALCULATE_VALUES,
    P.ORDER_VALUATIONS,
    P.PERFORM_VALUATIONS,
    P.FINANCE,
}
_ADMIN: Final = _MEMBER | {
    P.MANAGE_MEMBERS,
    P.MANAGE_CLIENTS,
    P.MANAGE_ORGANISATION,
    P.MANAGE_BANK_ACCOUNT,
    P.KEEP_INSTITUTION,
    P.SIGN,
}
_OPERATE: Final = frozenset(
    {
        P.OPERATE_DEALS,
        P.OPERATE_FINANCING,
        P.OPERATE_LISTINGS,
        P.OPERATE_ORGANISATIONS,
        P.OPERATE_PAYMENTS,
        P.OPERATE_SYSTEM,
        P.OPERATE_VALUATIONS,
    }
)

ROLE_PERMISSIONS: Final[Mapping[MemberRole, frozenset[Permission]]] = {
    MemberRole.OWNER: _ADMIN | {P.OWN_ORGANISATION},
    MemberRole.ADMIN: _ADMIN,
    MemberRole.MEMBER: _MEMBER,
    MemberRole.VIEWER: _EVERYBODY,
    MemberRole.OPERATOR: _EVERYBODY
    | _OPERATE
    | {P.MANAGE_CLIENTS, P.CALCULATE_VALUES, P.OPERATE_IDENTITY_PROVIDERS, P.READ_STATISTICS},
    MemberRole.STATISTICIAN: _EVERYBODY | {P.READ_STATISTICS},
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

_DEALING: Final = (_MEMBER | {P.SIGN}) - PERSONAL - {P.PERFORM_VALUATIONS}
_ORGANISED: Final = _DEALING | {P.MANAGE_MEMBERS}
_FINANCING: Final = frozenset(
    {P.READ, P.MANAGE_MEMBERS, P.CALCULATE_VALUES, P.ORDER_VALUATIONS, P.FINANCE}
)
_VALUING: Final = frozenset(
    {P.READ, P.MANAGE_MEMBERS, P.CALCULATE_VALUES, P.PERFORM_VALUATIONS, P.KEEP_INSTITUTION}
)

KIND_PERMISSIONS: Final[Mapping[str, frozenset[Permission]]] = {
    "person": _DEALING,
    "company": _ORGANISED,
    "university": _ORGANISED,
    "research_institute": _ORGANISED,
    "public_body": _ORGANISED,
    "agency": _ORGANISED - {P.SIGN},
    "valuation_institution": _VALUING,
    "lender": _FINANCING,
    "guarantor": _FINANCING,
    "insurer": _FINANCING,
    "operator": frozenset({P.READ} | _OPERATE),
}
"""What the clients of a kind of organisation may do at most. No client manages clients, or says
where money is paid to."""

NEVER_ALONE: Final = frozenset({P.SIGN, P.MANAGE_MEMBERS} | _OPERATE)
"""What takes a person who uses the client: it never goes to a machine that acts alone."""
