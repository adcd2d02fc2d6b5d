"""Facts of deals with their dimensions, series of counts, revisions, and released tables."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLES_NEWEST_FIRST = (
    "released_table",
    "statistics_release",
    "ipc_field",
    "series_month",
    "figure_revision",
    "deal_day",
    "deal_fact",
)
APPEND_ONLY = ("statistics_release", "released_table")
DIMENSIONS = (
    "right_kind",
    "deal_type",
    "seller_type",
    "buyer_type",
    "seller_region",
    "buyer_region",
    "industry",
    "wipo_field",
    "amount_band",
    "payment_form",
)
FIELDS = {
    1: "F21H F21K F21L F21S F21V F21W F21Y H01B H01C H01F H01G H01H H01J H01K H01M H01R H01T H02"
    " H05B H05C H05F H99Z",
    2: "G09F G09G G11B H04N3/ H04N5/ H04N7/ H04N9/ H04N11/ H04N13/ H04N15/ H04N17/ H04N19/ H04N23/"
    " H04N25/ H04N101/ H04R H04S H05K",
    3: "G08C H01P H01Q H04B H04H H04J H04K H04M H04N1/ H04Q",
    4: "H04L H04N21/ H04W",
    5: "H03",
    6: "G06 G10L G11C G16B G16C G16Z",
    7: "G06Q",
    8: "H01L H10",
    9: "G02 G03B G03C G03D G03F G03G G03H H01S",
    10: "G01 G04 G12B G99Z",
    11: "G01N33/",
    12: "G05B G05D G05F G07 G08B G08G G09B G09C G09D",
    13: "A61B A61C A61D A61F A61G A61H A61J A61L A61M A61N G16H H05G",
    14: "A61K8/ A61Q C07B C07C C07D C07F C07H C07J C40B",
    15: "C07G C07K C12M C12N C12P C12Q C12R C12S",
    16: "A61K A61P",
    17: "C08B C08C C08F C08G C08H C08K C08L",
    18: "A01H A21D A23B A23C A23D A23F A23G A23J A23K A23L C12C C12F C12G C12H C12J C13",
    19: "A01N A01P C05 C06 C09 C10 C11 C99Z",
    20: "B22 C01 C03C C04 C21 C22",
    21: "B05C B05D B32 C23 C25 C30",
    22: "B81 B82",
    23: "B01 B02C B03 B04 B05B B06B B07 B08 C14C D06B D06C D06L F25J F26 H05H",
    24: "A62C B01D45/ B01D46/ B01D47/ B01D49/ B01D50/ B01D51/ B01D52/ B01D53/ B09 B65F C02"
    " E01F8/ F01N F23G F23J G01T",
    25: "B25J B65B B65C B65D B65G B65H B66 B67",
    26: "A62D B21 B23 B24 B25B B25C B25D B25F B25G B25H B26 B27 B30",
    27: "F01B F01C F01D F01K F01L F01M F01P F02 F03 F04 F23R F99Z G21",
    28: "A41H A43D A46D B31 B41 C14B D01 D02 D03 D04B D04C D04G D04H D05 D06G D06H D06J D06M D06P"
    " D06Q D21 D99Z",
    29: "A01B A01C A01D A01F A01G A01J A01K A01L A01M A21B A21C A22 A23N A23P B02B B28 B29 B33 C03B"
    " C08J C12L F41 F42",
    30: "F22 F23B F23C F23D F23H F23K F23L F23M F23N F23Q F24 F25B F25C F27 F28",
    31: "F15 F16 F17 G05G",
    32: "B60 B61 B62 B63 B64",
    33: "A47 A63",
    34: "A24 A41B A41C A41D A41F A41G A42 A43B A43C A44 A45 A46B A62B A99Z B42 B43 B44 B68 D04D"
    " D06F D06N D07 F25D G10B G10C G10D G10F G10G G10H G10K",
    35: "E01 E02 E03 E04 E05 E06 E21 E99Z",
}
"""After WIPO's IPC and Technology Concordance Table; the longest symbol that fits decides."""


def upgrade() -> None:
    create_facts()
    create_releases()
    op.create_table(
        "ipc_field",
        sa.Column("prefix", sqlmodel.AutoString(), nullable=False),
        sa.Column("field", sa.Integer(), nullable=False),
        sa.CheckConstraint("field BETWEEN 1 AND 35", name=op.f("ipc_field_range_check")),
        sa.PrimaryKeyConstraint("prefix", name=op.f("ipc_field_primary")),
    )
    rows = ", ".join(
        f"('{prefix}', {field})"
        for field, prefixes in FIELDS.items()
        for prefix in prefixes.split()
    )
    op.execute(f"INSERT INTO ipc_field (prefix, field) VALUES {rows}")
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    refold()


def refold() -> None:
    """The log is folded anew into more tables; readers add what is not folded yet."""
    op.execute("DELETE FROM deal_rollup")
    op.execute(
        "UPDATE event_consumer SET transaction_id = '0', sequence = 0 WHERE name = 'statistics'"
    )


def text_column(name: str) -> sa.Column:
    return sa.Column(name, sqlmodel.AutoString(), nullable=False)


def big(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def day(name: str) -> sa.Column:
    return sa.Column(name, sa.Date(), nullable=False)


def create_facts() -> None:
    op.create_table(
        "deal_fact",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        day("day"),
        day("counted_month"),
        text_column("reason"),
        text_column("currency"),
        sa.Column("deals", sa.Integer(), nullable=False),
        big("amount_minor"),
        *(text_column(name) for name in DIMENSIONS),
        sa.Column("deal_id", sa.Uuid(), nullable=True),
        sa.Column("seller_group", sa.Uuid(), nullable=True),
        sa.Column("buyer_group", sa.Uuid(), nullable=True),
        sa.Column("cycle_days", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("sequence", name=op.f("deal_fact_primary")),
    )
    op.create_index("deal_fact_day_index", "deal_fact", ["day"])
    op.create_table(
        "deal_day",
        day("day"),
        day("counted_month"),
        text_column("right_kind"),
        text_column("deal_type"),
        text_column("currency"),
        big("deals"),
        big("amount_minor"),
        sa.PrimaryKeyConstraint(
            "day",
            "counted_month",
            "right_kind",
            "deal_type",
            "currency",
            name=op.f("deal_day_primary"),
        ),
    )
    op.create_table(
        "figure_revision",
        text_column("currency"),
        day("month"),
        sa.Column("number", sa.Integer(), nullable=False),
        day("day"),
        text_column("reason"),
        text_column("right_kind"),
        sa.Column("deals", sa.Integer(), nullable=False),
        big("amount_minor"),
        big("sequence"),
        sa.PrimaryKeyConstraint(
            "currency", "month", "number", name=op.f("figure_revision_primary")
        ),
    )
    op.create_table(
        "series_month",
        day("month"),
        text_column("series"),
        text_column("currency"),
        big("flow"),
        big("stock_change"),
        big("amount_minor"),
        sa.PrimaryKeyConstraint("month", "series", "currency", name=op.f("series_month_primary")),
    )


def create_releases() -> None:
    op.create_table(
        "statistics_release",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        day("as_of"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        big("last_sequence"),
        text_column("sha256"),
        sa.Column("rules", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("statistics_release_primary")),
        sa.UniqueConstraint("as_of", name="statistics_release_as_of_unique"),
    )
    op.create_table(
        "released_table",
        sa.Column("release", sa.Integer(), nullable=False),
        text_column("dimension"),
        text_column("currency"),
        text_column("content"),
        text_column("sha256"),
        sa.ForeignKeyConstraint(
            ["release"],
            ["statistics_release.number"],
            name=op.f("released_table_release_foreign"),
        ),
        sa.PrimaryKeyConstraint(
            "release", "dimension", "currency", name=op.f("released_table_primary")
        ),
    )


def downgrade() -> None:
    for table in TABLES_NEWEST_FIRST:
        op.drop_table(table)
