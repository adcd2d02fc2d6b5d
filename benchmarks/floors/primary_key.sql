\set n random(1, :rows)
SELECT * FROM encumbrance WHERE id = md5('encumbrance ' || :n::text)::uuid;
