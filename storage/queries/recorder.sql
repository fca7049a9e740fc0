-- name: positions
SELECT topic_id, recorder_offset.partition, next, state, follow
FROM recorder_offset
LEFT JOIN recorder_screen USING (cluster, topic_id, partition)
WHERE cluster = %(cluster)s
    AND (topic_id, recorder_offset.partition) IN (SELECT * FROM unnest(%(topic_ids)s::text[], %(partitions)s::integer[]))

-- name: move_offsets
-- The fence: as many rows must change as were given, or someone else has been here and nothing of this flush may stay.
UPDATE recorder_offset AS held SET next = given.stop
FROM unnest(%(topic_ids)s::text[], %(partitions)s::integer[], %(starts)s::bigint[], %(stops)s::bigint[])
    AS given (topic_id, partition, start, stop)
WHERE held.cluster = %(cluster)s AND held.topic_id = given.topic_id AND held.partition = given.partition
    AND held.next = given.start

-- name: save_screens
-- The bytes go in binary form: as text they would be spelled out, twice as long, and read again.
INSERT INTO recorder_screen (cluster, topic_id, partition, state, follow)
SELECT %(cluster)s, given.topic_id, given.partition, given.state, given.follow
FROM unnest(%(topic_ids)s::text[], %(partitions)s::integer[], %(states)b::bytea[], %(follows)b::bytea[])
    AS given (topic_id, partition, state, follow)
ON CONFLICT (cluster, topic_id, partition) DO UPDATE SET state = excluded.state, follow = excluded.follow

-- name: meet_aircraft
INSERT INTO aircraft (operator_id, aircraft_id, link, system_id, vehicle_type, first_seen, imported)
SELECT * FROM unnest(
    %(operator_ids)s::uuid[], %(aircraft_ids)s::uuid[], %(links)s::text[], %(system_ids)s::smallint[],
    %(vehicle_types)s::smallint[], %(first_seens)s::timestamptz[], %(imported)s::boolean[])
ON CONFLICT (aircraft_id) DO UPDATE SET vehicle_type = excluded.vehicle_type
WHERE aircraft.vehicle_type IS NULL AND excluded.vehicle_type IS NOT NULL

-- name: add_alert_events
-- Gives back the keys that stood there before with another body: the first stays.
WITH given AS (
    SELECT * FROM unnest(
        %(operator_ids)s::uuid[], %(alert_ids)s::uuid[], %(ns)s::integer[], %(imported)s::boolean[],
        %(aircraft_ids)s::uuid[], %(rules)s::text[], %(zone_ids)s::uuid[], %(levels)s::text[], %(conditions)s::text[],
        %(starts)s::timestamptz[], %(ats)s::timestamptz[], %(bodies)s::text[], %(published)s::timestamptz[],
        %(partitions)s::smallint[], %(offsets)s::bigint[])
        AS given (operator_id, alert_id, n, imported, aircraft_id, rule, zone_id, level, condition, start, at, body,
            published_at, partition, "offset")
), added AS (
    INSERT INTO alert_event (operator_id, alert_id, n, imported, aircraft_id, rule, zone_id, level, condition, start, at,
        body, published_at, partition, "offset")
    SELECT * FROM given
    ON CONFLICT DO NOTHING
)
SELECT given.alert_id, given.n
FROM given JOIN alert_event AS held USING (alert_id, n)
WHERE held.body <> given.body

-- name: add_gaps
INSERT INTO link_gap (operator_id, link, aircraft_id, began, ended, count, reason, imported, topic_id, partition, "offset")
SELECT * FROM unnest(
    %(operator_ids)s::uuid[], %(links)s::text[], %(aircraft_ids)s::uuid[], %(began)s::timestamptz[],
    %(ended)s::timestamptz[], %(counts)s::bigint[], %(reasons)s::text[], %(imported)s::boolean[], %(topic_ids)s::text[],
    %(partitions)s::integer[], %(offsets)s::bigint[])

-- name: log_records
COPY stream_log_live (cluster, topic_id, topic, partition, "offset", append_time, kind, schema_version, rows, body) FROM STDIN

-- name: log_import_records
COPY stream_log_import (cluster, topic_id, topic, partition, "offset", append_time, kind, schema_version, rows, body) FROM STDIN

-- name: keep_state
INSERT INTO partition_state (cluster, topic_id, partition, next, append_time, engine, after_gap, writer, chunk, chunks, data)
VALUES (%(cluster)s, %(topic_id)s, %(partition)s, %(next)s, %(append_time)s, %(engine)s, %(after_gap)s, %(writer)s, %(chunk)s,
    %(chunks)s, %(data)s)
ON CONFLICT DO NOTHING

-- name: keep_unjudged
INSERT INTO unjudged (cluster, topic_id, partition, "offset", body)
VALUES (%(cluster)s, %(topic_id)s, %(partition)s, %(offset)s, %(body)s)
ON CONFLICT DO NOTHING

-- name: report_health
INSERT INTO part_health (part, worker, at, detail) VALUES (%(part)s, %(worker)s, now(), %(detail)s)
ON CONFLICT (part, worker) DO UPDATE SET at = excluded.at, detail = excluded.detail

-- name: forget_old_health
DELETE FROM part_health WHERE part = %(part)s AND at < now() - interval '1 hour'
