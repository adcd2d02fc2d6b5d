"""What the words of a claim tell, measured while the text is at hand."""

import re
from dataclasses import dataclass
from typing import Final

from marketplace.valuation.rating.records import Facts
from marketplace.valuation.rating.texts import words

_METHOD: Final = re.compile(
    r"\b(method|process|verfahren|procédé|procede)\b|방법|方法|способ", re.IGNORECASE
)
_HEAD: Final = 120
"""Characters in which a claim says what it claims."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a first claim shows; None where there is none."""

    scope: float | None
    seen: float
    support: float | None


def claimed(facts: Facts) -> Claimed:
    """Measure the first claim.

    `scope` is the number of claims over the bytes of the first: a short one covers more, and in
    UTF-8 a Chinese or Korean character is as long as the letters that say the same. `seen` is 1
    where a thing is claimed, which can be bought and looked at, and 0 for a method. `support` is
    the share of the claim's words that title and abstract have as well.
    """
    seen = 0.0 if _METHOD.search((facts.first_claim or facts.title)[:_HEAD]) else 1.0
    if not facts.first_claim:
        return Claimed(None, seen, None)
    length = len(facts.first_claim.encode())
    own = set(words(facts.first_claim))
    support = len(own & set(words(facts.text))) / len(own) if own else None
    return Claimed(facts.claims / length if facts.claims else None, seen, support)
