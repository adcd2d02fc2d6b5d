"""A code beside the password: each counts once, and what is lost can be recovered."""

import asyncio
import base64
from collections import Counter
from datetime import UTC, datetime, timedelta

import httpx2
import pyotp
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.attempts.rules import PAIR_FREE
from marketplace.accounts.second_factor.codes import RECOVERY_CODES, STEP_SECONDS, matching_step
from marketplace.kernel.clock import ShiftedClock
from tests.factories.accounts import PASSWORD, Account, assert_refused
from tests.factories.deals import ok
from tests.factories.tables import contents
from tests.factories.world import World

PATH = "/v1/users/me/second-factor"
STEP = timedelta(seconds=STEP_SECONDS)


@pytest.fixture
async def account(client: httpx2.AsyncClient, app: FastAPI) -> Account:
    account = await Account.open(client, app)
    await account.verify()
    return account


def code(totp: pyotp.TOTP, clock: ShiftedClock, steps: int = 0) -> str:
    return totp.at(clock.now(), counter_offset=steps)


async def enabled(account: Account, clock: ShiftedClock) -> tuple[pyotp.TOTP, list[str]]:
    found = await account.add_second_factor(lambda totp: code(totp, clock))
    clock.offset += 2 * STEP  # the code that confirmed it is used up
    return found


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
    ],
)
def test_codes_are_those_of_the_standard(seconds: int, expected: str) -> None:
    """RFC 6238, appendix B, of whose eight digits the last six are ours."""
    secret = base64.b32encode(b"12345678901234567890").decode()
    step = matching_step(secret, expected[-6:], datetime.fromtimestamp(seconds, UTC))
    assert step == seconds // STEP_SECONDS


async def test_signing_in_takes_a_code_once_one_was_confirmed(
    account: Account, clock: ShiftedClock, connection: AsyncConnection
) -> None:
    begun = await ok(await account.call("PUT", f"{PATH}/enrolment", {"password": PASSWORD}))
    assert begun["address"].startswith("otpauth://totp/Idea%20and%20Patent%20Marketplace:han%40")
    await account.sign_in()  # what is not confirmed does not count
    totp = pyotp.TOTP(begun["secret"])
    before = await contents(connection)
    wrong = await account.call("PUT", PATH, {"code": code(totp, clock, steps=5)})
    assert_refused(wrong, 401, "wrong_second_factor")
    assert await contents(connection) == before
    first = code(totp, clock)
    shown = await ok(await account.call("PUT", PATH, {"code": first}))
    assert len(set(shown["recovery_codes"])) == RECOVERY_CODES
    status = await ok(await account.call("GET", PATH))
    assert (status["is_enabled"], status["recovery_codes_left"]) == (True, RECOVERY_CODES)

    assert_refused(await account.try_to_sign_in(), 401, "second_factor_needed")
    assert_refused(await account.try_to_sign_in(code=first), 401, "wrong_second_factor")
    clock.offset += STEP
    second = code(totp, clock)
    await account.sign_in(code=f"{second[:3]} {second[3:]}")
    assert_refused(await account.try_to_sign_in(code=second), 401, "wrong_second_factor")
    assert_refused(await account.try_to_sign_in(code=first), 401, "wrong_second_factor")
    unknown = await account.try_to_sign_in(password="not the password", code=second)
    assert_refused(unknown, 401, "wrong_credentials")
    stored = str((await connection.execute(text("SELECT f::text FROM second_factor f"))).all())
    assert begun["secret"] not in stored
    codes = (await connection.execute(text("SELECT c::text FROM recovery_code c"))).scalars()
    assert not any(one.replace("-", "") in "".join(codes) for one in shown["recovery_codes"])


@pytest.mark.parametrize("steps", [-1, 0, 1])
async def test_a_clock_may_be_half_a_minute_off(
    account: Account, clock: ShiftedClock, steps: int
) -> None:
    totp, _ = await enabled(account, clock)
    for too_far in (-2, 2):
        refused = await account.try_to_sign_in(code=code(totp, clock, too_far))
        assert_refused(refused, 401, "wrong_second_factor")
    await account.sign_in(code=code(totp, clock, steps))


async def test_guessing_codes_locks_like_guessing_passwords(
    account: Account, clock: ShiftedClock
) -> None:
    totp, _ = await enabled(account, clock)
    for number in range(PAIR_FREE):
        refused = await account.try_to_sign_in(code=f"00000{number}")
        assert_refused(refused, 401, "wrong_second_factor")
    refused = await account.try_to_sign_in(code=code(totp, clock))
    assert_refused(refused, 429, "too_many_attempts")


async def test_a_recovery_code_stands_in_once(account: Account, clock: ShiftedClock) -> None:
    _, codes = await enabled(account, clock)
    await account.sign_in(code=codes[0].upper().replace("-", " "))
    assert_refused(await account.try_to_sign_in(code=codes[0]), 401, "wrong_second_factor")
    await account.sign_in(code=codes[1])
    status = await ok(await account.call("GET", PATH))
    assert status["recovery_codes_left"] == RECOVERY_CODES - 2


async def test_new_recovery_codes_end_the_old_ones(account: Account, clock: ShiftedClock) -> None:
    totp, old = await enabled(account, clock)
    body = {"password": PASSWORD, "code": code(totp, clock)}
    new = (await ok(await account.call("PUT", f"{PATH}/recovery-codes", body)))["recovery_codes"]
    assert_refused(await account.try_to_sign_in(code=old[0]), 401, "wrong_second_factor")
    await account.sign_in(code=new[0])


async def test_disabling_takes_password_and_code(
    account: Account, clock: ShiftedClock, connection: AsyncConnection
) -> None:
    totp, codes = await enabled(account, clock)
    before = await contents(connection)
    for body, status, told in (
        ({"password": PASSWORD, "code": "000000"}, 401, "wrong_second_factor"),
        ({"password": "not the password", "code": codes[0]}, 401, "wrong_credentials"),
        ({"password": PASSWORD}, 422, "validation_failed"),
    ):
        assert_refused(await account.call("POST", f"{PATH}/disable", body), status, told)
    assert await contents(connection) == before

    body = {"password": PASSWORD, "code": code(totp, clock)}
    assert (await account.call("POST", f"{PATH}/disable", body)).status_code == 204

    await account.sign_in()
    subjects = [message.subject.split(" · ")[0] for message in await account.mailbox()]
    assert subjects == ["Confirm your e-mail address", "Second step added", "Second step removed"]
    assert (await contents(connection))["recovery_code"] == (0, None)
    again = await account.call("POST", f"{PATH}/disable", body)
    assert_refused(again, 409, "second_factor_missing")


async def test_what_is_out_of_order_is_refused(account: Account, clock: ShiftedClock) -> None:
    nothing = {"code": "287082"}
    assert_refused(await account.call("PUT", PATH, nothing), 409, "second_factor_missing")
    wrong = await account.call("PUT", f"{PATH}/enrolment", {"password": "not the password"})
    assert_refused(wrong, 401, "wrong_credentials")
    renewed = {"password": PASSWORD, "code": "287082"}
    refused = await account.call("PUT", f"{PATH}/recovery-codes", renewed)
    assert_refused(refused, 409, "second_factor_missing")
    totp, _ = await enabled(account, clock)
    for path, body in (("", {"code": code(totp, clock)}), ("/enrolment", {"password": PASSWORD})):
        refused = await account.call("PUT", PATH + path, body)
        assert_refused(refused, 409, "second_factor_enabled")


async def test_whoever_has_not_the_mailbox_adds_no_second_factor(
    client: httpx2.AsyncClient, app: FastAPI
) -> None:
    account = await Account.open(client, app, "victim@example.com")
    refused = await account.call("PUT", f"{PATH}/enrolment", {"password": PASSWORD})
    assert_refused(refused, 403, "email_unverified")


async def test_of_two_that_send_one_code_at_once_one_is_let_in(world: World) -> None:
    account = await Account.open(world.client, world.app)
    await account.verify()
    totp, codes = await enabled(account, world.clock)
    for once in (code(totp, world.clock), codes[0]):
        answers = await asyncio.gather(*(account.try_to_sign_in(code=once) for _ in range(4)))
        assert Counter(answer.status_code for answer in answers) == {201: 1, 401: 3}
