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
    MANAGE_ORGANISATION = "organisation:manage"
    OWN_ORGANISATION = "organisation:own"
    MANAGE_BANK_ACCOUNT = "bank_account:manage"
    REGISTER_RIGHTS = "rights:register"
    LIST = "listings:write"
    NEGOTIATE = "offers:write"
    SIGN = "agreements:sign"
    PERFORM_DEALS = "deals:perform"
    OPERATE_DEALS = "deals:operate"
    OPERATE_LISTINGS = "listings:operate"
    OPERATE_ORGANISATIONS = "organisations:operate"
    OPERATE_PAYMENTS = "payments:operate"
    OPERATE_SYSTEM = "system:operate"


P = Permission
_MEMBER: Final = {P.READ, P.REGISTER_RIGHTS, P.LIST, P.NEGOTIATE, P.PERFORM_DEALS}
_ADMIN: Final = _MEMBER | {
    P.MANAGE_MEMBERS,
    P.MANAGE_ORGANISATION,
    P.MANAGE_BANK_ACCOUNT,
    P.SIGN,
}

ROLE_PERMISSIONS: Final[Mapping[MemberRole, frozenset[Permission]]] = {
    MemberRole.OWNER: frozenset(_ADMIN | {P.OWN_ORGANISATION}),
    MemberRole.ADMIN: frozenset(_ADMIN),
    MemberRole.MEMBER: frozenset(_MEMBER),
    MemberRole.VIEWER: frozenset({P.READ}),
    MemberRole.OPERATOR: frozenset(
        {
            P.READ,
            P.OPERATE_DEALS,
            P.OPERATE_LISTINGS,
            P.OPERATE_ORGANISATIONS,
            P.OPERATE_PAYMENTS,
            P.OPERATE_SYSTEM,
        }
    ),
}
