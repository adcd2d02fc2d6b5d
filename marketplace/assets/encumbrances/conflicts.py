"""The one table of conflicts: what stands × what is done → whether it may be.

The database holds the same rows (`conflict_rule`) and refuses by them; `docs/conflicts.md` and the
tests are made from them too. A pair without a row is refused. Sources are in DOMAIN A5, B1, D3, G.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from marketplace.assets.encumbrances.kinds import (
    ACTS,
    SALE,
    Act,
    Cloud,
    Deed,
    EncumbranceKind,
)
from marketplace.assets.models import LegalStatus

ANY: Final = "*"
BEGINNING: Final = date(1900, 1, 1)


class Verdict(StrEnum):
    FREE = "free"
    SUBJECT = "subject"
    CONSENT = "consent"
    HOLDER = "holder"
    WAIVER = "waiver"
    REFUSED = "refused"


MEANINGS: Final = {
    Verdict.FREE: "nothing stands against it",
    Verdict.SUBJECT: "allowed; what stands keeps its rank and goes on",
    Verdict.CONSENT: "takes the recorded consent of whoever holds what stands",
    Verdict.HOLDER: "only whoever holds what stands may do it: the trustee",
    Verdict.WAIVER: "takes the express statement of whoever gets it that they accept what stands",
    Verdict.REFUSED: "refused where the scopes overlap",
}
PASSING: Final = frozenset({Verdict.FREE, Verdict.SUBJECT})

_MARKS: Final = {
    ".": Verdict.FREE,
    "s": Verdict.SUBJECT,
    "c": Verdict.CONSENT,
    "h": Verdict.HOLDER,
    "X": Verdict.REFUSED,
}

# Columns are `ACTS`: list, sell and transfer the right, grant each of the nine kinds, surrender it,
# work it. To list is also to agree on a price; the signature sells; the title passes by a transfer,
# also when it goes back, and also of a right that lapsed meanwhile.
_GRID: Final = """
                      list sell move pldg regd excl sole nonx open opt  att  tru  sur  wrk
pledge                s    c    c    s    c    c    c    c    c    c    s    c    c    .
registered_exclusive  s    s    s    s    X    X    X    X    X    X    s    s    c    X
exclusive             s    s    s    s    X    X    X    X    X    X    s    s    c    X
sole                  s    s    s    s    X    X    X    X    X    X    s    s    c    .
non_exclusive         s    s    s    s    s    s    s    .    .    s    s    s    c    .
open_licence          s    s    s    s    X    X    X    .    X    X    s    s    X    .
option                s    c    c    c    c    c    c    c    c    X    s    c    c    .
attachment            X    X    X    X    X    X    X    X    X    X    s    X    X    .
trust                 h    h    h    h    h    h    h    h    h    h    s    X    h    h
sale                  .    X    X    X    X    X    X    X    X    X    s    X    X    .
unregistered          .    .    .    X    X    .    .    .    X    .    .    .    X    .
pending               .    .    .    X    X    .    .    .    X    .    .    .    .    .
in_force              .    .    .    .    .    .    .    .    .    .    .    .    .    .
lapsed                X    X    .    X    X    X    X    X    X    X    s    X    X    .
refused               X    X    .    X    X    X    X    X    X    X    s    X    X    .
withdrawn             X    X    .    X    X    X    X    X    X    X    s    X    X    .
surrendered           X    X    .    X    X    X    X    X    X    X    s    X    X    .
invalidated           X    X    .    X    X    X    X    X    X    X    s    X    X    .
expired               X    X    .    X    X    X    X    X    X    X    s    X    X    .
undetermined          X    X    .    X    X    X    X    X    X    X    s    X    X    .
fees_due              .    .    .    X    .    .    .    .    .    .    .    .    .    .
challenged            .    .    .    .    .    .    .    .    .    .    .    .    .    .
"""

STANDING: Final[tuple[str, ...]] = (*EncumbranceKind, SALE, *LegalStatus, *Cloud)
"""What can stand against an act: an encumbrance, a sale under way, the right's own status, or what
hangs over it. An attachment that a register tells as an event of the right's life stands alike."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. `jurisdiction` is the office (WIPO ST.3) and `right_kind` the kind of right, or any.

    The most particular row counts: one of the jurisdiction before one of the kind of right, and
    either before the general one.
    """

    standing: str
    act: Act
    verdict: Verdict
    basis: str
    jurisdiction: str = ANY
    right_kind: str = ANY
    valid_from: date = BEGINNING
    valid_until: date | None = None

    def covers(self, jurisdiction: str | None, right_kind: str, day: date) -> bool:
        return (
            self.jurisdiction in {ANY, jurisdiction}
            and self.right_kind in {ANY, right_kind}
            and self.valid_from <= day
            and (self.valid_until is None or day < self.valid_until)
        )

    @property
    def particularity(self) -> tuple[bool, bool]:
        return self.jurisdiction != ANY, self.right_kind != ANY


_GENERAL: Final = {
    "pledge": "KR Civil Code 352 and the platform's terms; KR Patent Act 119 for a surrender",
    "registered_exclusive": "KR Patent Act 94(1), 100, 119",
    "exclusive": "the contract: no others in its scope, the owner included",
    "sole": "the contract: no others in its scope but the owner",
    "non_exclusive": "KR Patent Act 102, 118, 119",
    "open_licence": "CN Patent Law 50-52: none but ordinary licences beside it",
    "option": "the contract: its holder may call for the right or an exclusive licence",
    "attachment": "KR Patent Act 101; CN Civil Procedure: no disposal while it lasts",
    "trust": "KR Registration Decree 53: only the trustee disposes",
    SALE: "the agreement: the right is sold as it stood when the price was agreed",
    Cloud.FEES_DUE: "CN pledge registration: annuity unpaid (ground 4); elsewhere our terms",
    Cloud.CHALLENGED: "a challenge alone takes nothing away",
}
_STATUS: Final = "what does not exist, or not yet, cannot be burdened (KR Patent Act 87, 101)"

_CN_PATENT_RIGHTS: Final = ("patent", "utility_model", "design")
PARTICULAR: Final = (
    *(
        Rule(
            "pledge",
            EncumbranceKind.PLEDGE,
            Verdict.REFUSED,
            "CN pledge registration: already under registered pledge (ground 9)",
            jurisdiction="CN",
            right_kind=kind,
        )
        for kind in _CN_PATENT_RIGHTS
    ),
    *(
        Rule(
            Cloud.CHALLENGED,
            EncumbranceKind.PLEDGE,
            Verdict.WAIVER,
            "CN pledge registration: invalidation started (ground 11), unless expressly waived",
            jurisdiction="CN",
            right_kind=kind,
        )
        for kind in _CN_PATENT_RIGHTS
    ),
    Rule(
        "pending",
        EncumbranceKind.PLEDGE,
        Verdict.FREE,
        "US: a security interest in an application is perfected by UCC-1 (general knowledge)",
        jurisdiction="US",
    ),
    Rule(
        "non_exclusive",
        Deed.SURRENDER,
        Verdict.SUBJECT,
        "US: a disclaimer needs no consent of licensees (general knowledge)",
        jurisdiction="US",
    ),
)


def _general_rules() -> Iterator[Rule]:
    for line in _GRID.splitlines()[2:]:
        standing, *marks = line.split()
        basis = _GENERAL.get(standing, _STATUS)
        for act, mark in zip(ACTS, marks, strict=True):
            yield Rule(standing, act, _MARKS[mark], basis)


RULES: Final = (*_general_rules(), *PARTICULAR)


def verdict(
    standing: str, act: Act, jurisdiction: str | None, right_kind: str, day: date
) -> Verdict:
    """What the table says on a day; refused when it has no row."""
    found = [
        rule
        for rule in RULES
        if rule.standing == standing
        and rule.act == act
        and rule.covers(jurisdiction, right_kind, day)
    ]
    return max(found, key=lambda rule: rule.particularity).verdict if found else Verdict.REFUSED
