"""Addresses of the pages. Whoever lists them here serves them."""

from typing import Final

from marketplace.accounts.oauth.metadata import AUTHORIZE
from marketplace.kernel.routing import plain_route
from marketplace.pages import account, api_docs, authorizing, company_logins, rendering, signing_in
from marketplace.pages.public.routes import ROUTES as PUBLIC

ROUTES: Final = (
    plain_route(AUTHORIZE, authorizing.authorize, "GET", "POST"),
    plain_route(signing_in.SIGN_IN, signing_in.sign_in, "POST"),
    plain_route(authorizing.CONSENT, authorizing.consent, "POST"),
    plain_route(signing_in.BEGIN, company_logins.begin, "POST"),
    plain_route(company_logins.RETURN, company_logins.come_back, "GET"),
    plain_route(company_logins.CODE, company_logins.take_code, "POST"),
    plain_route(rendering.ACCOUNT, account.account, "GET"),
    plain_route(account.TOKEN, account.show_token, "POST"),
    plain_route(account.SIGN_OUT, account.sign_out, "POST"),
    plain_route(api_docs.DOCS, api_docs.docs, "GET"),
    plain_route(api_docs.ASSET, api_docs.asset, "GET"),
    plain_route(rendering.STYLE_PATH, rendering.style, "GET"),
    *PUBLIC,
)
