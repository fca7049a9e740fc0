-- name: flight_aircraft
SELECT aircraft_id, link, imported FROM aircraft WHERE link = %(name)s OR aircraft_id::text = %(name)s

-- name: span
-- When the broker took the first and the last sample of these aircraft.
SELECT min(append_time), max(append_time)
FROM telemetry WHERE aircraft_id = ANY(%(aircraft_ids)s::uuid[]) AND imported = %(imported)s

-- name: live_stretches
-- What of these partitions was recorded in a span of broker time, of each topic that had this name.
SELECT held.cluster, held.topic_id, held.partition, inside.first, inside.last, bounds.began, bounds.first
FROM (SELECT DISTINCT cluster, topic_id, partition FROM recorder_offset
    WHERE topic = %(topic)s AND partition = ANY(%(partitions)s::integer[])) AS held
CROSS JOIN LATERAL (
    SELECT min("offset") AS first, max("offset") AS last FROM stream_log_live AS log
    WHERE log.topic_id = held.topic_id AND log.partition = held.partition
        AND log.append_time BETWEEN %(from)s AND %(to)s) AS inside
CROSS JOIN LATERAL (
    SELECT append_time AS began, "offset" AS first FROM stream_log_live AS log
    WHERE log.topic_id = held.topic_id AND log.partition = held.partition
    ORDER BY "offset" LIMIT 1) AS bounds
ORDER BY held.partition, bounds.began

-- name: import_stretches
-- The records that hold rows of these aircraft. The append time tells a topic from one of the same name before it.
SELECT log.cluster, log.topic_id, log.partition, min(log."offset"), max(log."offset"), min(log.append_time), min(log."offset")
FROM (
    SELECT DISTINCT partition, "offset", append_time FROM telemetry_import WHERE aircraft_id = ANY(%(aircraft_ids)s::uuid[])
) AS held
JOIN stream_log_import AS log
    ON log.partition = held.partition AND log."offset" = held."offset" AND log.append_time = held.append_time
WHERE log.topic = %(topic)s
GROUP BY log.cluster, log.topic_id, log.partition
ORDER BY log.partition, min(log.append_time)

-- name: import_end
-- Where the stream said that nothing more of the links would come, or else where it last spoke of them.
SELECT coalesce(
    min("offset") FILTER (WHERE body::jsonb -> 'links' @> jsonb_build_array(jsonb_build_object('link', %(link)s::text, 'closed', true))),
    max("offset"))
FROM stream_log_import
WHERE topic_id = %(topic_id)s AND partition = %(partition)s AND "offset" > %(last)s AND kind = 'listened'
    AND body::jsonb -> 'links' @> jsonb_build_array(jsonb_build_object('link', %(link)s::text))

-- name: last_marker_before
SELECT "offset", append_time, kind, body
FROM stream_log_import
WHERE topic_id = %(topic_id)s AND partition = %(partition)s AND "offset" < %(first)s AND kind = 'marker'
ORDER BY "offset" DESC
LIMIT 1

-- name: engine_before
-- Of an import: which engine judged its partition when it began.
SELECT body::jsonb ->> 'version'
FROM stream_log_import
WHERE topic_id = %(topic_id)s AND partition = %(partition)s AND "offset" < %(first)s AND kind = 'engine'
ORDER BY "offset" DESC
LIMIT 1

-- name: log
SELECT log."offset", log.append_time, log.kind, log.body, unjudged.body
FROM stream_log AS log
LEFT JOIN unjudged USING (cluster, topic_id, partition, "offset")
WHERE log.topic_id = %(topic_id)s AND log.partition = %(partition)s
    AND log."offset" BETWEEN %(first)s AND %(last)s
ORDER BY log."offset"

-- name: rows
SELECT telemetry.*
FROM telemetry
JOIN stream_log AS log
    ON log.topic_id = %(topic_id)s AND log.partition = telemetry.partition AND log."offset" = telemetry."offset"
    AND log.append_time = telemetry.append_time
WHERE aircraft_id = ANY(%(aircraft_ids)s::uuid[]) AND imported = %(imported)s AND telemetry.partition = %(partition)s
    AND telemetry."offset" BETWEEN %(first)s AND %(last)s
    AND telemetry.append_time BETWEEN
        (SELECT min(append_time) FROM stream_log
        WHERE topic_id = %(topic_id)s AND partition = %(partition)s AND "offset" BETWEEN %(first)s AND %(last)s)
        AND (SELECT max(append_time) FROM stream_log
        WHERE topic_id = %(topic_id)s AND partition = %(partition)s AND "offset" BETWEEN %(first)s AND %(last)s)
ORDER BY telemetry."offset", telemetry."row"

-- name: states
-- Without their bytes; those of one partition up to a record, the last first.
SELECT next, append_time, engine, after_gap, writer
FROM partition_state
WHERE cluster = %(cluster)s AND topic_id = %(topic_id)s AND partition = %(partition)s AND next <= %(last)s
GROUP BY next, append_time, engine, after_gap, writer
HAVING count(*) = max(chunks)
ORDER BY next DESC, writer

-- name: state
SELECT data
FROM partition_state
WHERE cluster = %(cluster)s AND topic_id = %(topic_id)s AND partition = %(partition)s AND next = %(next)s
    AND writer = %(writer)s
ORDER BY chunk

-- name: engines
-- Which engine judged from where on, as the stream says it.
SELECT "offset", body::jsonb ->> 'version'
FROM stream_log
WHERE topic_id = %(topic_id)s AND partition = %(partition)s AND "offset" BETWEEN %(first)s AND %(last)s AND kind = 'engine'
ORDER BY "offset"

-- name: flight_events
-- In the order in which they were judged on each partition. An offset alone does not say which topic it is of.
SELECT body
FROM alert_event
WHERE aircraft_id = ANY(%(aircraft_ids)s::uuid[]) AND imported = %(imported)s
    AND (body::jsonb ->> 'partition')::integer = %(partition)s
    AND (body::jsonb ->> 'offset')::bigint BETWEEN %(first)s AND %(last)s
    AND published_at >= %(began)s AND (%(over)s::timestamptz IS NULL OR published_at < %(over)s)
ORDER BY published_at, "offset"
