"""What accounts bring, and who holds a credential."""

from collections.abc import Mapping
from typing import Final

from marketplace.accounts import errors as accounts_errors
from marketplace.accounts import revocations
from marketplace.accounts.affiliations import api as affiliations_api
from marketplace.accounts.affiliations import errors as affiliations_errors
from marketplace.accounts.affiliations.lifecycle import AFFILIATION_PROPOSAL
from marketplace.accounts.affiliations.models import AffiliationProposal
from marketplace.accounts.api_keys import api as api_keys_api
from marketplace.accounts.api_keys import service as api_keys_service
from marketplace.accounts.attempts import service as attempts_service
from marketplace.accounts.authentication import Finder
from marketplace.accounts.authorizations import api as authorizations_api
from marketplace.accounts.clients import api as clients_api
from marketplace.accounts.designations import api as designations_api
from marketplace.accounts.designations import errors as designations_errors
from marketplace.accounts.designations import public as designations_public
from marketplace.accounts.designations import service as designations_service
from marketplace.accounts.designations.lifecycle import DESIGNATION
from marketplace.accounts.designations.models import Designation
from marketplace.accounts.emails import api as emails_api
from marketplace.accounts.identity_providers import api as identity_providers_api
from marketplace.accounts.identity_providers import errors as identity_providers_errors
from marketplace.accounts.identity_providers import logins as identity_providers_logins
from marketplace.accounts.invitations import api as invitations_api
from marketplace.accounts.invitations import errors as invitations_errors
from marketplace.accounts.invitations import service as invitations_service
from marketplace.accounts.invitations.lifecycle import INVITATION
from marketplace.accounts.invitations.models import Invitation
from marketplace.accounts.mailed_tokens import errors as mailed_tokens_errors
from marketplace.accounts.mailed_tokens import service as mailed_tokens_service
from marketplace.accounts.members import api as members_api
from marketplace.accounts.members import errors as members_errors
from marketplace.accounts.oauth import service as oauth_service
from marketplace.accounts.oauth import tokens
from marketplace.accounts.oauth.finding import TokenFinder
from marketplace.accounts.organisations import api as organisations_api
from marketplace.accounts.organisations import errors as organisations_errors
from marketplace.accounts.passwords import api as passwords_api
from marketplace.accounts.people import api as people_api
from marketplace.accounts.personal_data import api as personal_data_api
from marketplace.accounts.personal_data import applications as applications_personal_data
from marketplace.accounts.personal_data import credentials as credentials_personal_data
from marketplace.accounts.personal_data import organisations as organisations_personal_data
from marketplace.accounts.personal_data import own as accounts_personal_data
from marketplace.accounts.revocations import Revocations
from marketplace.accounts.second_factor import api as second_factor_api
from marketplace.accounts.second_factor import errors as second_factor_errors
from marketplace.accounts.sessions import api as sessions_api
from marketplace.accounts.sessions import service as sessions_service
from marketplace.accounts.signing_keys import service as signing_keys_service
from marketplace.accounts.suspensions import api as suspensions_api
from marketplace.accounts.suspensions import errors as suspensions_errors
from marketplace.kernel.clocks import Clock
from marketplace.settings import Settings
from marketplace.wiring.domain import Domain

ACCOUNTS: Final = Domain(
    routers=(
        people_api.router,
        personal_data_api.router,
        sessions_api.router,
        emails_api.verifications,
        emails_api.addresses,
        passwords_api.passwords,
        passwords_api.resets,
        second_factor_api.router,
        api_keys_api.router,
        organisations_api.router,
        suspensions_api.router,
        members_api.router,
        invitations_api.router,
        invitations_api.invitee_router,
        affiliations_api.router,
        affiliations_api.proposals_router,
        affiliations_api.group_router,
        designations_api.router,
        designations_public.router,
        clients_api.router,
        authorizations_api.router,
        identity_providers_api.router,
    ),
    lifecycles=(INVITATION, AFFILIATION_PROPOSAL, DESIGNATION),
    clocks=(
        Clock(Invitation, {}),
        Clock(AffiliationProposal, {}),
        Clock(Designation, {"reinstate": designations_service.reinstate}),
    ),
    constraint_errors={
        **accounts_errors.CONSTRAINT_ERRORS,
        **organisations_errors.CONSTRAINT_ERRORS,
        **members_errors.CONSTRAINT_ERRORS,
        **invitations_errors.CONSTRAINT_ERRORS,
        **suspensions_errors.CONSTRAINT_ERRORS,
        **affiliations_errors.CONSTRAINT_ERRORS,
        **designations_errors.CONSTRAINT_ERRORS,
        **mailed_tokens_errors.CONSTRAINT_ERRORS,
        **second_factor_errors.CONSTRAINT_ERRORS,
        **identity_providers_errors.CONSTRAINT_ERRORS,
    },
    forgetting=(
        sessions_service.forget_expired,
        api_keys_service.forget_ended,
        oauth_service.forget_ended,
        signing_keys_service.forget_retired,
        revocations.forget_old,
        invitations_service.forget_old,
        attempts_service.forget_old,
        mailed_tokens_service.forget_old,
        identity_providers_logins.forget_old,
    ),
    personal_data=(
        applications_personal_data.PERSONAL_DATA,
        credentials_personal_data.PERSONAL_DATA,
        organisations_personal_data.PERSONAL_DATA,
        accounts_personal_data.PERSONAL_DATA,
    ),
    append_only=("designation_step",),
)

SECRET_TAKING: Final = frozenset(
    {
        "/login/begin",
        "/login/code",
        "/oauth/sign-in",
        "/reset-password",
        "/v1/email-verifications/confirm",
        "/v1/password-resets",
        "/v1/password-resets/confirm",
        "/v1/sessions",
        "/v1/users",
        "/v1/users/me/erase",
        "/v1/users/me/second-factor/disable",
        "/verify-email",
    }
)
"""Paths whose POST takes a password or another secret: what one address may try is limited more."""

FINDERS: Final = {
    sessions_service.PREFIX: sessions_service.find_session,
    api_keys_service.PREFIX: api_keys_service.find_key,
}
"""What finds the holder of a bearer credential in the database, by the credential's prefix."""


def finders(settings: Settings, revocations: Revocations) -> Mapping[str, Finder]:
    """Every finder; that of access tokens asks the database only about news that it heard."""
    return {**FINDERS, tokens.PREFIX: TokenFinder(settings.issuer, revocations)}


USES: Final = {
    sessions_service.KIND: sessions_service.NOTE_USE,
    api_keys_service.KIND: api_keys_service.NOTE_USE,
}
"""What notes that credentials of a kind were used."""
