"""The registry of valuation models with its first editions, and ratings."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLES_NEWEST_FIRST = (
    "rating",
    "rating_run",
    "valuation_model_withdrawal",
    "valuation_model_use",
    "valuation_model",
)
APPEND_ONLY = ("valuation_model", "valuation_model_withdrawal", "rating_run", "rating")

WHOLE = """
CREATE FUNCTION refuse_unless_weights_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT sum(value::numeric) IS DISTINCT FROM 1 OR min(value::numeric) < 0
        FROM jsonb_each_text(NEW.content -> 'weights')) THEN
        RAISE EXCEPTION 'the weights of % do not sum to one', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'valuation_model_weights_whole';
    END IF;
    RETURN NEW;
END $$
"""

PURPOSES = (
    "loan",
    "guarantee",
    "investment",
    "transaction",
    "transfer",
    "contribution_in_kind",
    "litigation_damages",
    "misappropriation",
)
OF_A_LENDER = ("loan", "guarantee")
METHODS = {
    "relief_from_royalty": "IVS 210: relief from royalty, tax amortisation benefit",
    "technology_factor": "Korean technology valuation guide: technology factor",
    "excess_earnings": "IVS 210: multi-period excess earnings",
    "comparables": "IVS 210: market approach",
    "reconciliation": "IVS 105: more than one approach",
    "replacement_cost": "IVS 210: cost approach",
    "adjusted_reproduction": "KIBO, KR 10-1536536: adjusted reproduction cost",
    "real_option": "Black and Scholes 1973, Merton 1973",
    "weighted_cost": "Korean technology valuation guide: discount rate",
    "build_up": "IVS 210: discount rates; Hamada 1972",
    "economic_life": "Kayal and Waters 1999; Korean guide, Model I",
}
PRINTED = ((20, 1001), (25, 714), (30, 510), (35, 351), (40, 222), (45, 113), (50, 18))
PREMIUMS = {
    "kind": "premium_table",
    "printed": [{"score": float(s), "premium": p / 10_000} for s, p in PRINTED],
    "slope": -0.071,
    "intercept": 0.1001,
}
THIRD = 1 / 3
COMPARISONS = {
    "categories": [
        [1.0, 2.0, 3.0, 2.0],
        [0.5, 1.0, 2.0, 1.0],
        [THIRD, 0.5, 1.0, 0.5],
        [0.5, 1.0, 2.0, 1.0],
    ],
    "within": {
        "technical_quality": [
            [1.0, 3.0, 2.0, 2.0],
            [THIRD, 1.0, 0.5, 0.5],
            [0.5, 2.0, 1.0, 1.0],
            [0.5, 2.0, 1.0, 1.0],
        ],
        "market_value": [
            [1.0, 1.0, 2.0, 1.0],
            [1.0, 1.0, 2.0, 1.0],
            [0.5, 0.5, 1.0, 0.5],
            [1.0, 1.0, 2.0, 1.0],
        ],
        "life_cycle": [[1.0, 1.0], [1.0, 1.0]],
        "legal_protection": [
            [1.0, 0.5, THIRD, 1.0],
            [2.0, 1.0, 0.5, 2.0],
            [3.0, 2.0, 1.0, 3.0],
            [1.0, 0.5, THIRD, 1.0],
        ],
    },
}
WEIGHTS = {
    "technological_advancement": 0.179426,
    "technological_maturity": 0.051815,
    "technology_monopoly": 0.096173,
    "technology_coverage": 0.096173,
    "market_scale": 0.06487,
    "market_application": 0.06487,
    "market_competition": 0.032435,
    "licensing_and_transfer": 0.06487,
    "technology_life_cycle": 0.061162,
    "patent_life": 0.061162,
    "patent_litigation": 0.031986,
    "difficulty_of_infringement": 0.059674,
    "protection_scope": 0.103398,
    "patent_text_quality": 0.031986,
}
WEIGHT_SET = {
    "kind": "weight_set",
    "weights": WEIGHTS,
    "comparisons": COMPARISONS,
    "entropy_share": 0.4,
}
RATIO = 0.0038381119410745576
RATING = {
    "kind": "rating",
    "screening": {
        "term_years": {"patent": 20, "utility_model": 10},
        "characters_min": 40,
        "granted_only": False,
    },
    "text": {
        "letters_ngram": 4,
        "cjk_ngram": 2,
        "hash_bits": 16,
        "ipc_weight": 0.7,
        "passes_max": 20,
        "clusters_max": 60,
    },
    "recent_years": 5,
    "cohort_min": 30,
    "coverage_min": 0.5,
    "grades": ["AAA", "AA", "A", "BBB", "BB", "B", "CCC", "CC", "C"],
    "grade_percents": [4, 7, 12, 17, 20, 17, 12, 7, 4],
}


def upgrade() -> None:
    create_registry()
    create_ratings()
    op.execute(WHOLE)
    op.execute(
        "CREATE TRIGGER valuation_model_weights_whole BEFORE INSERT ON valuation_model"
        " FOR EACH ROW WHEN (NEW.kind = 'weight_set')"
        " EXECUTE FUNCTION refuse_unless_weights_whole()"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    publish_first_editions()


def create_registry() -> None:
    op.create_table(
        "valuation_model",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("edition", sqlmodel.AutoString(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("content_sha256", sqlmodel.AutoString(), nullable=False),
        sa.Column("consistency_ratio", sa.Float(), nullable=True),
        sa.Column("source", sqlmodel.AutoString(), nullable=False),
        sa.CheckConstraint(
            "consistency_ratio IS NULL OR consistency_ratio < 0.1",
            name=op.f("valuation_model_consistency_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("valuation_model_primary")),
        sa.UniqueConstraint("name", "edition", name="valuation_model_edition_unique"),
        sa.UniqueConstraint("id", "name", name="valuation_model_id_name_unique"),
    )
    op.create_table(
        "valuation_model_use",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("name"), "="),
            (sa.column("purpose"), "="),
            (sa.text("daterange(valid_from, valid_until)"), "&&"),
            using="gist",
            name="valuation_model_use_no_overlap",
        ),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until > valid_from",
            name=op.f("valuation_model_use_period_check"),
        ),
        sa.ForeignKeyConstraint(
            ["model_id", "name"],
            ["valuation_model.id", "valuation_model.name"],
            name="valuation_model_use_model_foreign",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("valuation_model_use_primary")),
    )
    op.create_index(op.f("valuation_model_use_model_id_index"), "valuation_model_use", ["model_id"])
    op.create_table(
        "valuation_model_withdrawal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("withdrawn_from", sa.Date(), nullable=False),
        sa.Column("reason", sqlmodel.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"],
            ["valuation_model.id"],
            name=op.f("valuation_model_withdrawal_model_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("valuation_model_withdrawal_primary")),
        sa.UniqueConstraint("model_id", name="valuation_model_withdrawal_model_unique"),
    )


def create_ratings() -> None:
    op.create_table(
        "rating_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("weight_set_id", sa.Uuid(), nullable=False),
        sa.Column("corpus", sqlmodel.AutoString(), nullable=False),
        sa.Column("corpus_sha256", sqlmodel.AutoString(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("software", sqlmodel.AutoString(), nullable=False),
        sa.Column("summary", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("records >= 0 AND seed >= 0", name=op.f("rating_run_counts_check")),
        sa.ForeignKeyConstraint(
            ["model_id"], ["valuation_model.id"], name=op.f("rating_run_model_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["weight_set_id"], ["valuation_model.id"], name=op.f("rating_run_weight_set_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("rating_run_primary")),
    )
    op.create_table(
        "rating",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("record", sqlmodel.AutoString(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.Column("cohort", sqlmodel.AutoString(), nullable=True),
        sa.Column("cluster", sa.Integer(), nullable=True),
        sa.Column("novelty", sa.Float(), nullable=True),
        sa.Column("nearest", sqlmodel.AutoString(), nullable=True),
        sa.Column("coverage", sa.Float(), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("grade", sqlmodel.AutoString(), nullable=True),
        sa.Column("at_risk", sa.Boolean(), nullable=False),
        sa.Column("indicators", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(
            "score IS NULL OR score BETWEEN 0 AND 1", name=op.f("rating_score_check")
        ),
        sa.CheckConstraint(
            "(grade IS NULL) = (score IS NULL)", name=op.f("rating_graded_by_score_check")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["rating_run.id"], name=op.f("rating_run_id_foreign")),
        sa.PrimaryKeyConstraint("id", name=op.f("rating_primary")),
        sa.UniqueConstraint("run_id", "record", name="rating_record_unique"),
    )
    op.create_index("rating_record_index", "rating", ["record"])


def publish_first_editions() -> None:
    """Lenders' practice in Korea leaves the tax amortisation benefit out; all else is for all."""
    number = 201
    for name, source in METHODS.items():
        content = {"kind": "method", "method": name, "excludes": []}
        lenders = name == "relief_from_royalty"
        purposes = [p for p in PURPOSES if not (lenders and p in OF_A_LENDER)]
        publish(number, name, "1", content, source, purposes)
        number += 1
    content = {
        "kind": "method",
        "method": "relief_from_royalty",
        "excludes": ["tax_amortisation_benefit"],
    }
    source = "Korean practice for loans and guarantees against IP"
    publish(number, "relief_from_royalty", "1-lenders", content, source, OF_A_LENDER)
    source = "Korean technology valuation guide: premium for technology commercialisation"
    publish(number + 1, "commercialisation_premium", "1", PREMIUMS, source, PURPOSES)
    source = "the platform's first comparisons in pairs, and the spread of the cohort"
    publish(number + 2, "patent_rating_weights", "1", WEIGHT_SET, source, PURPOSES, ratio=RATIO)
    source = "screen, classify, grade; 4 categories and 14 indicators; nine grades by stanine"
    publish(number + 3, "patent_rating", "1", RATING, source, PURPOSES)


def publish(
    number: int,
    name: str,
    edition: str,
    content: dict[str, Any],
    source: str,
    purposes: Iterable[str],
    ratio: float | None = None,
) -> None:
    written = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    model_id = f"01890a5d-0000-7000-8000-{number:012}"
    op.execute(
        sa.text(
            "INSERT INTO valuation_model (id, created_at, name, kind, edition, content,"
            " content_sha256, consistency_ratio, source) VALUES (CAST(:id AS uuid), now(), :name,"
            " :kind, :edition, CAST(:content AS jsonb), :sha256, CAST(:ratio AS float), :source)"
        ).bindparams(
            id=model_id,
            name=name,
            kind=content["kind"],
            edition=edition,
            content=written,
            sha256=hashlib.sha256(written.encode()).hexdigest(),
            ratio=ratio,
            source=source,
        )
    )
    op.execute(
        sa.text(
            "INSERT INTO valuation_model_use (id, created_at, model_id, name, purpose, valid_from)"
            " SELECT gen_random_uuid(), now(), CAST(:id AS uuid), :name, purpose, '2020-01-01'"
            " FROM unnest(string_to_array(:purposes, ' ')) AS purpose"
        ).bindparams(id=model_id, name=name, purposes=" ".join(purposes))
    )


def downgrade() -> None:
    for table in TABLES_NEWEST_FIRST:
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_unless_weights_whole()")
