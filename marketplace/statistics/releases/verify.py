"""Released tables against what was published when, and against the facts that they tell."""

from typing import Final

from marketplace.statistics.dimensions import DIMENSIONS
from marketplace.statistics.releases.building import ALL, KNOWN, WITHHELD

_DIGEST: Final = "encode(sha256(convert_to({text}, 'UTF8')), 'hex')"
_IS_WHOLE: Final = f"t.sha256 = {_DIGEST.format(text='t.content')}"
_EVERY: Final = _DIGEST.format(
    text="coalesce(string_agg(t.dimension || ' ' || t.currency || ' ' || t.sha256 || chr(10), ''"
    """ ORDER BY t.dimension COLLATE "C", t.currency COLLATE "C"), '')"""
)
_VALUES: Final = ", ".join(f"('{name}', f.{name})" for name in DIMENSIONS)

CHECKS: Final = {
    "released tables are as they were published": f"""
        SELECT 'release ' || t.release || ', table ' || t.dimension || ' ' || t.currency
            || ': its digest is not that of its content'
        FROM released_table t WHERE NOT {_IS_WHOLE}
        UNION ALL
        SELECT 'release ' || number || ': its digest is ' || sha256 || ', of its tables ' || whole
        FROM (
            SELECT r.number, r.sha256, {_EVERY} AS whole
            FROM statistics_release r LEFT JOIN released_table t ON t.release = r.number
            GROUP BY r.number
        ) told WHERE sha256 <> whole
        UNION ALL
        SELECT 'release ' || r.number || ': the event log says another digest, or none'
        FROM statistics_release r WHERE NOT EXISTS (
            SELECT FROM event e WHERE e.subject = 'statistics_release:' || r.number
                AND e.type = 'statistics.release' AND e.data ->> 'sha256' = r.sha256)
    """,  # noqa: S608 - built from constants
    "released cells are the sums of their facts": f"""
        WITH told AS (
            SELECT DISTINCT t.dimension, t.currency, c ->> 'period' AS period,
                (c ->> 'begins')::date AS begins, c ->> 'value' AS value,
                (c ->> 'deals')::bigint AS deals, (c ->> 'amount_minor')::bigint AS amount_minor
            FROM released_table t CROSS JOIN LATERAL jsonb_array_elements(t.content::jsonb) c
            WHERE {_IS_WHOLE} AND t.dimension IN ({", ".join(f"'{d}'" for d in DIMENSIONS)})
                AND c ->> 'status' = '{KNOWN}' AND c ->> 'value' <> '{WITHHELD}'
        ), months AS (
            SELECT d.dimension, d.value, f.currency, date_trunc('month', f.day)::date AS month,
                sum(f.deals)::bigint AS deals, sum(f.amount_minor)::bigint AS amount_minor
            FROM deal_fact f
            CROSS JOIN LATERAL (VALUES ('{ALL}', '{ALL}'), {_VALUES}) d (dimension, value)
            GROUP BY 1, 2, 3, 4
        )
        SELECT t.dimension || ' ' || t.value || ', ' || t.period || ' from ' || t.begins || ', '
            || t.currency || ': released ' || t.deals || ' deals and ' || t.amount_minor
            || ', the facts give ' || coalesce(sum(m.deals), 0) || ' and '
            || coalesce(sum(m.amount_minor), 0)
        FROM told t LEFT JOIN months m ON m.currency = t.currency AND m.value = t.value
            AND m.dimension = CASE WHEN t.value = '{ALL}' THEN '{ALL}' ELSE t.dimension END
            AND m.month >= t.begins AND m.month < t.begins + CASE t.period
                WHEN 'year' THEN interval '1 year' WHEN 'quarter' THEN interval '3 months'
                ELSE interval '1 month' END
        GROUP BY t.dimension, t.value, t.period, t.begins, t.currency, t.deals, t.amount_minor
        HAVING (t.deals, t.amount_minor)
            <> (coalesce(sum(m.deals), 0), coalesce(sum(m.amount_minor), 0))
    """,  # noqa: S608 - built from constants
}
