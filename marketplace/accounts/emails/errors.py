from marketplace.kernel.errors import ConflictError


class EmailVerifiedError(ConflictError):
    code = "email_verified"
    title = "Your e-mail address is confirmed already"
