"""From which account and on which day a sent batch pays; one spelling of our own account.

Neither was kept so far: both came from the configuration, and from there they are filled in.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from marketplace.settings import Settings

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_COMPACT: Final = r"upper(regexp_replace({}, '[\s-]+', '', 'g'))"
_ACCOUNT: Final = (
    f"coalesce(nullif({_COMPACT.format('account')}, ''), {_COMPACT.format(':number')})"
)
_ENTRIES: Final = sa.text(
    f"""
    UPDATE bank_entry e SET account = f.compact FROM (
        SELECT DISTINCT ON (compact, external_id) id, compact
        FROM (SELECT id, external_id, account, {_ACCOUNT} AS compact FROM bank_entry) b
        ORDER BY compact, external_id, account <> compact, id
    ) f WHERE e.id = f.id AND e.account <> f.compact
    """
)
"""Of an entry that was counted twice, the second keeps the spelling by which it was."""
_STATEMENTS: Final = sa.text(f"UPDATE bank_statement SET account = {_ACCOUNT}")
_BATCHES: Final = sa.text(
    """
    UPDATE payout_batch SET execute_on = CAST(created_at AT TIME ZONE 'UTC' AS date),
        debtor = jsonb_build_object('holder_name', CAST(:holder AS text),
            'account_number', CAST(:number AS text), 'bank_code', CAST(:code AS text),
            'country', CAST(:country AS text))
    WHERE sent_at IS NOT NULL
    """
)


def upgrade() -> None:
    op.add_column("payout_batch", sa.Column("debtor", JSONB(), nullable=True))
    op.add_column("payout_batch", sa.Column("execute_on", sa.Date(), nullable=True))
    _fill(Settings())
    op.create_check_constraint(
        op.f("payout_batch_sent_whole_check"),
        "payout_batch",
        "num_nulls(sent_at, debtor, execute_on) IN (0, 3)",
    )


def _fill(settings: Settings) -> None:
    connection, number = op.get_bind(), settings.bank_account_number
    connection.execute(_ENTRIES, {"number": number})
    connection.execute(_STATEMENTS, {"number": number})
    account = {
        "holder": settings.bank_holder_name,
        "number": number,
        "code": settings.bank_code,
        "country": settings.bank_country,
    }
    connection.execute(_BATCHES, account)


def downgrade() -> None:
    op.drop_constraint(op.f("payout_batch_sent_whole_check"), "payout_batch")
    op.drop_column("payout_batch", "execute_on")
    op.drop_column("payout_batch", "debtor")
