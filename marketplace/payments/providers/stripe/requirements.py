"""What Stripe still wants of a payee, in words; codes as in `requirements.currently_due`."""

from collections.abc import Iterable
from typing import Final

_WORDS: Final = {
    "external_account": "give the bank account that Stripe shall pay out to",
    "tos_acceptance": "accept Stripe's terms of service",
    "business_type": "say whether you are a person or a company",
    "business_profile.mcc": "say what line of business you are in",
    "business_profile.url": "give your website",
    "business_profile.product_description": "describe what you sell",
    "business_profile.support_phone": "give a telephone number for customers",
    "company.name": "give the company's name",
    "company.tax_id": "give the company's tax number",
    "company.address": "give the company's address",
    "company.phone": "give the company's telephone number",
    "company.verification.document": "upload a document that proves the company",
    "company.owners_provided": "name the owners of the company",
    "company.directors_provided": "name the directors of the company",
    "individual.first_name": "give your first name",
    "individual.last_name": "give your last name",
    "individual.dob": "give your date of birth",
    "individual.address": "give your address",
    "individual.email": "give your e-mail address",
    "individual.phone": "give your telephone number",
    "individual.id_number": "give your identity number",
    "individual.ssn_last_4": "give the last four digits of your social security number",
    "individual.verification.document": "upload an identity document",
    "individual.verification.additional_document": "upload a second identity document",
    "representative": "name the person who represents the company",
    "owners": "name the owners of the company",
    "directors": "name the directors of the company",
}
_DISABLED: Final = {
    "requirements.past_due": "Stripe waits for overdue information; continue the onboarding",
    "requirements.pending_verification": "Stripe is checking what you sent; nothing to do now",
    "under_review": "Stripe is reviewing the account; nothing to do now",
    "platform_paused": "the platform has paused this account",
    "rejected.fraud": "Stripe rejected the account for suspected fraud",
    "rejected.terms_of_service": "Stripe rejected the account: it breaks Stripe's terms",
    "rejected.listed": "Stripe rejected the account: it may be on a prohibited list",
    "rejected.other": "Stripe rejected the account; ask Stripe's support",
    "listed": "the account may be on a prohibited list; Stripe is checking it",
    "action_required.requested_capabilities": "continue the onboarding to be able to receive money",
    "other": "Stripe has disabled the account and is reviewing it",
    "deauthorized": "you disconnected the account from this platform; start again with a new one",
}


def in_words(codes: Iterable[str]) -> list[str]:
    """One sentence for each different requirement, in the order of the codes."""
    return list(dict.fromkeys(_sentence(code) for code in codes))


def _sentence(code: str) -> str:
    """By the longest part of the code that is known: `individual.dob.day` asks for `…dob`."""
    parts = code.split(".")
    for length in range(len(parts), 0, -1):
        if known := _WORDS.get(".".join(parts[:length])):
            return known
    if parts[0].startswith("person_"):
        return _sentence(".".join(["individual", *parts[1:]]))
    return f"complete “{' '.join(parts).replace('_', ' ')}” in the onboarding"


def disabled_in_words(reason: str | None) -> str | None:
    """Why an account cannot be paid, or None when nothing disables it."""
    return None if reason is None else _DISABLED.get(reason, f"Stripe says: {reason}")
