from marketplace.kernel.errors import ConflictError


class AccountExistsError(ConflictError):
    code = "connected_account_exists"
    title = "Your organisation has a Stripe account here; ask for a link, or retire it first"


class CountryNotPaidError(ConflictError):
    code = "country_not_paid"
    title = "Stripe does not pay out to your organisation's country; give a bank account instead"


class NoAccountForMethodError(ConflictError):
    code = "no_account_for_method"
    title = "Give the account first that you want to be paid to"


CONSTRAINT_ERRORS = {"connected_account_one_current": AccountExistsError}
