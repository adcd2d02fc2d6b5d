from marketplace.kernel.errors import UnprocessableError


class PasswordBreachedError(UnprocessableError):
    code = "password_breached"
    title = (
        "Attackers try this password early; choose one that is on no list and says nothing of you"
    )
