"""What is to be found about a right that is sold, topic by topic, each with its evidence. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from marketplace.assets.consents.models import Consent
from marketplace.assets.encumbrances.models import Encumbrance
from marketplace.assets.models import LegalEvent, LegalEventKind, Right, RightKind
from marketplace.assets.standing.rules import OWNER, TRADABLE, Standing
from marketplace.assets.standing.service import is_fresh
from marketplace.assets.title.models import Conveyance
from marketplace.assets.title.rules import Chain
from marketplace.deals.due_diligence.schemas import Evidence, Finding, Topic, Verdict
from marketplace.deals.licences.models import Licence

K = LegalEventKind
_ABOUT = {
    Topic.STATUS: {
        K.SUBMITTED,
        K.FILED,
        K.GRANTED,
        K.REFUSED,
        K.WITHDRAWN,
        K.LAPSED,
        K.RESTORED,
        K.SURRENDERED,
        K.INVALIDATED,
        K.EXPIRED,
    },
    Topic.TERM: {K.FILED, K.GRANTED, K.EXTENDED},
    Topic.FEES: {K.FEE_PAID},
    Topic.ENCUMBRANCES: {K.ATTACHED, K.ATTACHMENT_LIFTED},
    Topic.CHALLENGES: {K.CHALLENGED, K.CHALLENGE_ENDED, K.INVALIDATED},
}
"""The legal events that speak of a topic."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a deal does with one right. Whoever gives a sub-licence need not own it."""

    right_id: UUID
    by: UUID
    to: UUID
    sold: bool
    done: bool
    by_owner: bool = True
    licence: Licence | None = None

    @property
    def holder(self) -> UUID | None:
        """Who has to own the right at this stage; a licence in effect binds whoever does."""
        if self.sold:
            return self.to if self.done else self.by
        return self.by if self.by_owner and not self.done else None


@dataclass(frozen=True, slots=True)
class Looked:
    """Everything that was looked up about one right for a sheet."""

    given: Given
    right: Right
    at: datetime
    today: date
    standing: Standing
    events: Sequence[LegalEvent]
    checked: Mapping[str, date]
    chain: Chain
    links: Sequence[Conveyance]
    consents: Sequence[Consent]
    consents_missing: Sequence[UUID]
    names: Mapping[UUID, str]
    burdens: Sequence[Encumbrance]
    is_in_the_way: bool
    """Whether what burdens the right would stand against the sale, or against paying for it."""

    @property
    def has_register(self) -> bool:
        return self.right.kind is not RightKind.IDEA

    @property
    def checked_on(self) -> date | None:
        return max(self.checked.values(), default=None)

    def evidence(self, topic: Topic) -> list[Evidence]:
        return [_event(event) for event in self.events if event.kind in _ABOUT[topic]]

    def finding(
        self,
        topic: Topic,
        verdict: Verdict,
        summary: str,
        evidence: Iterable[Evidence] | None = None,
    ) -> Finding:
        found = self.evidence(topic) if evidence is None else list(evidence)
        as_of = self.checked_on if self.has_register else self.today
        return Finding(
            right_id=self.right.id,
            topic=topic,
            verdict=verdict,
            summary=summary,
            as_of=as_of,
            evidence=found,
        )


def _event(event: LegalEvent) -> Evidence:
    what = event.kind.replace("_", " ")
    details = [f"year {event.fee_year}" if event.fee_year else "", f"by {event.origin}"]
    if event.claims:
        details.insert(0, "claims " + ", ".join(map(str, event.claims)))
    told = " ".join([what, *(detail for detail in details if detail)])
    return Evidence(source=event.source, as_of=event.occurred_on, detail=told)


def title(looked: Looked) -> Finding:
    """Whether who sells or licenses can do so, or the buyer has what was sold."""
    given, owners = looked.given, looked.chain.owners_at(looked.at)
    shares = ", ".join(f"{looked.names[owner]} {share}" for owner, share in owners.items())
    holder = given.holder
    verdict = Verdict.CLEAR if holder is None or set(owners) == {holder} else Verdict.ATTENTION
    if holder and (holder not in owners or (given.sold and given.done and len(owners) > 1)):
        verdict = Verdict.BLOCKING
    rivals = " (a rival transfer ranks behind)" if looked.chain.void else ""
    return looked.finding(
        Topic.TITLE,
        verdict,
        f"owned by {shares}{rivals}",
        (_link(link, looked.names) for link in looked.links),
    )


def _link(link: Conveyance, names: Mapping[UUID, str]) -> Evidence:
    giver, number = link.from_organisation_id, link.recordal_number
    parts = [
        f"{link.kind} of {link.share}",
        f"from {names[giver]}" if giver else "",
        f"to {names[link.to_organisation_id]}",
        f"by recordal {number}" if number else "",
    ]
    detail = " ".join(part for part in parts if part)
    return Evidence(source=link.source, as_of=link.passed_at.date(), detail=detail)


def status(looked: Looked) -> Finding:
    found = looked.standing.status
    origins = looked.standing.origins
    if found not in TRADABLE:
        verdict = Verdict.BLOCKING
    elif looked.has_register and origins == (OWNER,):
        verdict = Verdict.ATTENTION  # no register has told it
    else:
        verdict = Verdict.CLEAR
    return looked.finding(Topic.STATUS, verdict, f"{found}, by {', '.join(origins)}")


def term(looked: Looked) -> Finding:
    last_day = looked.standing.last_day
    if last_day is None:
        why = "no filing date is known" if looked.has_register else "an idea has no term"
        verdict = Verdict.UNKNOWN if looked.has_register else Verdict.CLEAR
        return looked.finding(Topic.TERM, verdict, why)
    over = last_day < looked.today
    verdict = Verdict.BLOCKING if over else Verdict.CLEAR
    return looked.finding(Topic.TERM, verdict, f"last day {last_day}")


def fees(looked: Looked) -> Finding:
    paid, grace = looked.standing.fees_paid_until, looked.standing.fees_grace_until
    if not looked.has_register:
        return looked.finding(Topic.FEES, Verdict.CLEAR, "an idea has no fees")
    if paid is None:
        return looked.finding(Topic.FEES, Verdict.UNKNOWN, "no payment of fees is known")
    verdict = Verdict.CLEAR if paid >= looked.today else Verdict.ATTENTION
    return looked.finding(Topic.FEES, verdict, f"paid until {paid}, with grace until {grace}")


def encumbrances(looked: Looked) -> Finding:
    """What binds the right: what a court or office holds, and every living encumbrance."""
    topic, since = Topic.ENCUMBRANCES, looked.standing.restrained_since
    evidence = [*looked.evidence(topic), *(_burden(one, looked) for one in looked.burdens)]
    if since is not None:
        return looked.finding(topic, Verdict.BLOCKING, f"attached since {since}", evidence)
    kinds = ", ".join(burden.kind.replace("_", " ") for burden in looked.burdens)
    if looked.is_in_the_way:
        return looked.finding(topic, Verdict.BLOCKING, f"stands in the way: {kinds}", evidence)
    if kinds:
        return looked.finding(topic, Verdict.ATTENTION, f"burdened by {kinds}", evidence)
    return looked.finding(topic, Verdict.CLEAR, "nothing is known to burden it", evidence)


def _burden(burden: Encumbrance, looked: Looked) -> Evidence:
    """Of a holder or an amount that no public register shows, only the kind is told."""
    detail = f"{burden.kind.replace('_', ' ')}, {burden.state.replace('_', ' ')}"
    if burden.registration_number is not None:
        holder = burden.holder_organisation_id
        name = looked.names[holder] if holder else burden.holder_name
        detail += f", of {name}, registered as {burden.registration_number}"
    as_of = burden.received_on or burden.starts_at.date()
    return Evidence(source=burden.source, as_of=as_of, detail=detail)


def consents(looked: Looked) -> Finding:
    evidence = [
        Evidence(
            source=f"consent {consent.id}",
            as_of=consent.created_at.date(),
            detail=f"{consent.state}: {looked.names[consent.organisation_id]}, about the text of"
            f" SHA-256 {consent.terms_sha256}",
        )
        for consent in looked.consents
    ]
    if looked.consents_missing:
        names = ", ".join(looked.names[owner] for owner in looked.consents_missing)
        summary, verdict = f"missing of {names}", Verdict.BLOCKING
    elif evidence:
        summary, verdict = "every other owner consented", Verdict.CLEAR
    else:
        summary, verdict = "nobody else has to consent", Verdict.CLEAR
    return looked.finding(Topic.CONSENTS, verdict, summary, evidence)


def challenges(looked: Looked) -> Finding:
    since, invalid = looked.standing.challenged_since, looked.standing.invalid_claims
    said = [f"challenged since {since}" if since else "", _invalid(invalid)]
    summary = "; ".join(one for one in said if one)
    verdict = Verdict.ATTENTION if summary else Verdict.CLEAR
    return looked.finding(Topic.CHALLENGES, verdict, summary or "no challenge is known")


def _invalid(claims: Sequence[int]) -> str:
    return "claims " + ", ".join(map(str, claims)) + " are invalid" if claims else ""


def register_check(looked: Looked) -> Finding:
    """The register is looked at again on the day of the release."""
    topic = Topic.REGISTER_CHECK
    if not looked.has_register:
        return looked.finding(topic, Verdict.CLEAR, "an idea has no register", [])
    evidence = [
        Evidence(source=origin, as_of=as_of, detail="the register was looked at")
        for origin, as_of in looked.checked.items()
    ]
    fresh = is_fresh(looked.checked_on, looked.at)
    summary = f"looked at last on {looked.checked_on}" if evidence else "never looked at"
    return looked.finding(topic, Verdict.CLEAR if fresh else Verdict.BLOCKING, summary, evidence)


FINDINGS = (title, status, term, fees, encumbrances, consents, challenges, register_check)
"""Every topic of a sheet, in the order in which it is read."""
