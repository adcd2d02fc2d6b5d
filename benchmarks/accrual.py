"""The daily job over running loans: its time, its memory, and that it goes on after an end."""

import json
import subprocess
import sys
from typing import Any, Final

import asyncpg

from benchmarks.place import Place
from benchmarks.report import Bar, judge
from benchmarks.scale import Scale
from marketplace.settings import Settings

LOANS: Final = 100_000
INSTALMENTS: Final = 12
MINUTES: Final = Bar(5, aim=2, at_most=True)
MEMORY: Final = Bar(1.5, aim=1.2, at_most=True)
"""All of the loans against a tenth of them: memory that grew with them would be ten times."""

JOB: Final = """
import asyncio, json, sys, time
from datetime import timedelta
from pathlib import Path
from marketplace.financing.loans.accruing import accrue
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import create_engine, create_sessions
import marketplace.wiring
def peak_kib():  # since this program began; getrusage would remember its parent's
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
async def main(url, days, batches):
    engine = create_engine(url, pool_size=1)
    sessions = create_sessions(engine, ShiftedClock(timedelta(days=days)))
    start, done, count = time.perf_counter(), 0, 0
    while count < batches and (found := await accrue(sessions)):
        done, count = done + found, count + 1
    await engine.dispose()
    return {"done": done, "seconds": time.perf_counter() - start, "kib": peak_kib()}
print(json.dumps(asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))))
"""

_PARTIES: Final = """
    INSERT INTO organisation (id, created_at, name, kind, country, version) VALUES
        (md5('borrower')::uuid, now(), 'Borrower', 'company', 'KR', 1),
        (md5('lender')::uuid, now(), 'Lender', 'lender', 'KR', 1);
    INSERT INTO financing_request (id, created_at, version, borrower_organisation_id, amount_minor,
        currency, term_months, purpose, guarantee_offered, state)
    VALUES (md5('request')::uuid, now(), 1, md5('borrower')::uuid, 12000000, 'KRW', 12, 'x', false,
        'financed');
    INSERT INTO loan_offer (id, created_at, version, request_id, lender_organisation_id,
        amount_minor, currency, secured_minor, eligible_minor, prior_claims_minor,
        ltv_max_basis_points, rate_basis_points, day_count, schedule, custom_minor, term_months,
        months_each, fee_minor, prepayment_fee_basis_points, late_margin_basis_points, cure_days,
        default_after_days, guarantee_required, covenants, effective_cost_basis_points,
        valid_until, state)
    VALUES (md5('offer')::uuid, now(), 1, md5('request')::uuid, md5('lender')::uuid, 12000000,
        'KRW', 12000000, 24000000, 0, 6000, 540, 'act_365f', 'equal_principal', '{}', 12, 1, 0, 0,
        300, 30, 90, false, '[]', 554, now(), 'accepted');
"""
_LOANS: Final = """
    INSERT INTO loan (id, created_at, version, request_id, offer_id, borrower_organisation_id,
        lender_organisation_id, principal_minor, currency, rate_basis_points, disbursed_minor,
        principal_paid_minor, interest_paid_minor, late_interest_paid_minor, fees_paid_minor,
        costs_paid_minor, starts_on, ends_on, accrued_on, accrued_interest_minor,
        late_interest_minor, overdue_minor, waived_minor, loss_minor, state)
    SELECT md5('loan ' || n)::uuid, now(), 1, md5('request ' || n)::uuid, md5('offer')::uuid,
        md5('borrower')::uuid, md5('lender')::uuid, 12000000, 'KRW', 540, 12000000, 0, 0, 0, 0, 0,
        current_date - n % 28, current_date - n % 28 + interval '12 months', current_date, 0, 0, 0,
        0, 0, 'performing'
    FROM generate_series(1, {loans}) n;
    INSERT INTO loan_instalment (id, created_at, loan_id, kind, number, starts_on, due_on,
        rate_basis_points, principal_minor, interest_minor, principal_paid_minor,
        interest_paid_minor, late_fixed_minor, late_paid_minor)
    SELECT gen_random_uuid(), now(), md5('loan ' || n)::uuid, 'scheduled', k,
        current_date - n % 28 + (k - 1) * interval '1 month',
        current_date - n % 28 + k * interval '1 month',
        540, 1000000, 54000 - 4500 * (k - 1), 0, 0, 0, 0
    FROM generate_series(1, {loans}) n, generate_series(1, {instalments}) k
"""


def measure_accrual(place: Place, scale: Scale) -> None:
    """A tenth of a day, ended in the middle; the rest of it; and the whole of the next day."""
    settings = place.database("accrual", fill, anew=True)
    part = _run(settings, days=1, batches=LOANS // 10_000)
    rest = _run(settings, days=1, batches=LOANS)
    whole = _run(settings, days=2, batches=LOANS)
    assert part["done"] + rest["done"] == whole["done"] == LOANS
    print(f"    {LOANS:,} loans: {whole['seconds']:.0f} s, {whole['kib'] // 1024} MiB", flush=True)
    judge("minutes for a day of all loans", [whole["seconds"] / 60], MINUTES)
    judge("memory, all loans x a tenth", [whole["kib"] / part["kib"]], MEMORY)


def _run(settings: Settings, *, days: int, batches: int) -> dict[str, Any]:
    command = [sys.executable, "-c", JOB, settings.sqlalchemy_url(), str(days), str(batches)]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(told.stdout)
    return found


async def fill(connection: asyncpg.Connection, *, loans: int = LOANS) -> None:
    """Performing loans, each with its instalments."""
    await connection.execute(_PARTIES)
    await connection.execute(_LOANS.format(loans=loans, instalments=INSTALMENTS))
