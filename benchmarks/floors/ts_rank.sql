\set number random(1, :queries)
SELECT w.listing_id, ts_rank(w.words, q.query) AS score
FROM floor_words w, floor_query q
WHERE q.number = :number AND w.words @@ q.query
ORDER BY score DESC, w.listing_id LIMIT 20;
