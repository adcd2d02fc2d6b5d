"""What clients discover (RFC 8414 and OpenID Connect Discovery), in one document for both."""

from typing import Any, Final

from marketplace.accounts.oauth.assertions import ALGORITHMS
from marketplace.accounts.oauth.grants import CONFIDENTIAL, EVERY_CLIENT, PROMPTS
from marketplace.accounts.permissions import SCOPES
from marketplace.accounts.signing_keys.service import ALGORITHM

AUTHORIZE: Final = "/oauth/authorize"
TOKEN: Final = "/oauth/token"  # noqa: S105 - an address
USERINFO: Final = "/oauth/userinfo"
INTROSPECT: Final = "/oauth/introspect"
REVOKE: Final = "/oauth/revoke"
JWKS: Final = "/oauth/jwks"
LANGUAGES: Final = ("ko", "zh", "en")


def metadata(issuer: str) -> dict[str, Any]:
    """What the server can do, and nothing that it cannot."""
    return {
        "issuer": issuer,
        "authorization_endpoint": issuer + AUTHORIZE,
        "token_endpoint": issuer + TOKEN,
        "userinfo_endpoint": issuer + USERINFO,
        "introspection_endpoint": issuer + INTROSPECT,
        "revocation_endpoint": issuer + REVOKE,
        "jwks_uri": issuer + JWKS,
        "service_documentation": f"{issuer}/docs",
        "scopes_supported": sorted(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": EVERY_CLIENT,
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": EVERY_CLIENT,
        "revocation_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "introspection_endpoint_auth_methods_supported": CONFIDENTIAL,
        "introspection_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "claims_supported": [
            "aud",
            "auth_time",
            "at_hash",
            "email",
            "email_verified",
            "exp",
            "iat",
            "iss",
            "name",
            "nonce",
            "sub",
        ],
        "prompt_values_supported": sorted(PROMPTS),
        "ui_locales_supported": LANGUAGES,
        "authorization_response_iss_parameter_supported": True,
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }
