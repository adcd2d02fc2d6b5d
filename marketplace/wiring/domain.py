"""What a domain brings to the service: filled in by one file a domain, added up in `wiring`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.personal_data.registry import PersonalData
from marketplace.kernel.clocks import Clock
from marketplace.kernel.db import Sessions
from marketplace.kernel.events import Consumer
from marketplace.kernel.lifecycle import Lifecycle
from marketplace.kernel.problems import ConstraintErrors

Turn = Callable[[Sessions], Awaitable[int]]
Forget = Callable[[AsyncSession], Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """Everything of a domain that runs without being called by another.

    Attributes:
        turning: what time alone changes, beside the clocks of lifecycles.
        constraint_errors: what a caller is told when the database refuses, by constraint.
        forgetting: what deletes rows that have served their time.
        personal_data: what the domain knows of persons, for export and erasure.
        append_only: tables of facts: PostgreSQL itself refuses to change or delete their rows.
        proofs: statements that find what is wrong in the books, by what should be true.
    """

    routers: Sequence[APIRouter] = ()
    lifecycles: Sequence[Lifecycle[Any]] = ()
    consumers: Sequence[Consumer] = ()
    clocks: Sequence[Clock] = ()
    turning: Sequence[Turn] = ()
    constraint_errors: ConstraintErrors = field(default_factory=dict)
    forgetting: Sequence[Forget] = ()
    personal_data: Sequence[PersonalData] = ()
    append_only: Sequence[str] = ()
    proofs: Mapping[str, str] = field(default_factory=dict)
