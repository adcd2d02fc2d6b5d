"""The agreement on confidentiality that both sides sign by its hash."""

from typing import Final

from marketplace.accounts.models import Organisation
from marketplace.assets.models import Right
from marketplace.documents.disclosures.models import Disclosure

VERSION: Final = "2026-1"
_TEXT: Final = """\
AGREEMENT ON CONFIDENTIALITY, version {version}

Disclosure {id} of the idea "{title}" ({right_id})
by {owner} (the owner)
to {recipient} (the recipient){person}.

1. Purpose. The recipient may use the confidential text and files of this idea for nothing but: \
{purpose}.
2. Secrecy. The recipient shows them to nobody{among}, and keeps them as its own secrets.
3. End. Leave to read ends on {expires_at}, or as soon as either side ends it. The recipient then \
deletes every copy, and uses nothing of it.
4. Record. Each reading and download is recorded, the owner sees the record, and each copy \
carries an id that leads back to who had it.
5. Known already. What the recipient knew before its first reading is not bound, if it says \
so within {known_days} days after that reading, and shows a document of its own, time-stamped \
before it.
6. No right to the idea passes by this agreement.
"""


def render(
    disclosure: Disclosure, right: Right, owner: Organisation, recipient: Organisation
) -> str:
    """The text for one disclosure; no two have the same."""
    person = disclosure.recipient_user_id
    return _TEXT.format(
        version=VERSION,
        id=disclosure.id,
        title=right.title,
        right_id=right.id,
        owner=owner.name,
        recipient=recipient.name,
        person=f", of it alone person {person}" if person else "",
        among=" but those who need them there" if person is None else "",
        purpose=disclosure.purpose,
        expires_at=disclosure.expires_at.isoformat(),
        known_days=disclosure.known_days,
    )
