\set n random(0, 999)
SELECT * FROM conflicts_of(
    md5('right ' || :right::text)::uuid, (ARRAY['exclusive', 'non_exclusive', 'sell'])[:act],
    '{(,)}', '{[14030881,14081534)}',
    int8multirange(int8range(:first + :n::bigint * 1000000, :first + (:n::bigint + 1) * 1000000)),
    63, '[2026-01-01,)', NULL, NULL, NULL, NULL, NULL
);
