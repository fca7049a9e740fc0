-- name: part_health
-- Every part that spoke within the last hour, each with the age of its word.
SELECT part, worker, at, extract(epoch FROM now() - at)::double precision AS age_s, detail
FROM part_health
WHERE at > now() - interval '1 hour'
ORDER BY part, worker
