"""What opens an account stands in no log and in no column, but for the person alone."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import structlog
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.passwords.service import mail_resets
from marketplace.kernel.clock import ShiftedClock
from tests.factories.accounts import NEW_PASSWORD, PASSWORD, Account, letters
from tests.factories.deals import ok
from tests.factories.tables import values
from tests.security.canary import leaks, spellings


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture
def told() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


async def test_no_secret_is_kept_or_logged(
    client: httpx2.AsyncClient,
    app: FastAPI,
    clock: ShiftedClock,
    connection: AsyncConnection,
    told: list[Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    account = await Account.open(client, app)
    verification = await account.mailed_token("verify-email")
    await account.verify()
    totp, recovery = await account.add_second_factor(lambda totp: totp.at(clock.now()))
    once = await account.sign_in(code=recovery[0])
    for wrong in (recovery[0], "000000"):
        refused = await account.try_to_sign_in(code=wrong)
        assert not leaks(refused.content, spellings(wrong) | spellings(PASSWORD))
    await client.post("/v1/password-resets", json={"email": account.email})
    await mail_resets(account.sessions, letters(app))
    reset = await account.mailed_token("reset-password")
    body = {"token": reset, "password": NEW_PASSWORD}
    assert (await client.post("/v1/password-resets/confirm", json=body)).is_success
    await ok(await account.try_to_sign_in(password=NEW_PASSWORD, code=recovery[1]))

    secrets = (PASSWORD, NEW_PASSWORD, verification, reset, totp.secret, once, *recovery)
    plain = [code.replace("-", "") for code in recovery]
    needles = {n for secret in (*secrets, *plain) for n in spellings(secret)}
    assert not leaks(f"{told}{caplog.text}".encode(), needles)
    kept = [column async for column, value in values(connection) if leaks(_bytes(value), needles)]
    assert kept == []
