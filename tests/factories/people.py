"""People who are signed in, without the cost of a password hash."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx2
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.authentication import secret_hash
from marketplace.accounts.models import (
    LoginSession,
    Membership,
    Organisation,
    OrganisationKind,
    User,
)
from marketplace.accounts.permissions import MemberRole
from marketplace.accounts.sessions.service import LIFETIME, new_token
from marketplace.kernel.db import Sessions, now


@dataclass(frozen=True)
class Person:
    """A signed-in person acting for one organisation, and their way to call the API."""

    client: httpx2.AsyncClient
    user_id: UUID
    organisation_id: UUID
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    async def get(self, path: str, **query: Any) -> httpx2.Response:
        return await self.client.get(path, params=query, headers=self.headers)

    async def post(
        self, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        sent = self.headers | (headers or {})
        return await self.client.post(path, json=body, headers=sent)

    async def put(self, path: str, body: Any) -> httpx2.Response:
        return await self.client.put(path, json=body, headers=self.headers)

    async def patch(
        self, path: str, body: Any, *, headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        sent = self.headers | (headers or {})
        return await self.client.patch(path, json=body, headers=sent)

    async def delete(self, path: str) -> httpx2.Response:
        return await self.client.delete(path, headers=self.headers)

    async def upload(self, path: str, content: bytes) -> httpx2.Response:
        sent = self.headers | {"content-type": "text/csv"}
        return await self.client.post(path, content=content, headers=sent)


async def person(
    client: httpx2.AsyncClient,
    sessions: Sessions,
    *,
    kind: OrganisationKind = OrganisationKind.COMPANY,
    role: MemberRole = MemberRole.OWNER,
    organisation_id: UUID | None = None,
    name: str = "Somebody",
    region: str | None = "KR-11",
) -> Person:
    """Create a person signed in for a new organisation, or for an existing one."""
    token = new_token()
    async with sessions.begin() as session:
        moment = now(session)
        user = User(
            created_at=moment,
            email=f"{uuid4().hex}@example.com",
            password_hash="-",
            display_name=name,
        )
        session.add(user)
        if kind is OrganisationKind.OPERATOR:
            organisation_id = organisation_id or await operators(session)
        if organisation_id is None:
            organisation = Organisation(
                created_at=moment, name=name, kind=kind, country="KR", region=region
            )
            session.add(organisation)
            organisation_id = organisation.id
        await session.flush()
        ids = {"user_id": user.id, "organisation_id": organisation_id}
        session.add(Membership(created_at=moment, role=role, **ids))
        expires_at = moment + LIFETIME * 10_000
        session.add(
            LoginSession(
                created_at=moment, token_hash=secret_hash(token), expires_at=expires_at, **ids
            )
        )
    return Person(client, user.id, organisation_id, token)


async def operators(session: AsyncSession) -> UUID | None:
    """The one organisation of the operators, once there is one."""
    query = select(Organisation).where(col(Organisation.kind) == OrganisationKind.OPERATOR)
    found = (await session.execute(query)).scalar_one_or_none()
    return found.id if found else None


async def operator(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await person(
        client,
        sessions,
        kind=OrganisationKind.OPERATOR,
        role=MemberRole.OPERATOR,
        name="Operator",
    )
