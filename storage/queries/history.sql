-- name: flight_aircraft
SELECT aircraft_id, imported FROM aircraft WHERE link = %(link)s

-- name: flight_blocks
-- The records that hold rows of these aircraft. The append time tells a topic from one of the same name before it.
SELECT log.topic_id, log.topic, log.partition, log."offset", log.append_time
FROM (
    SELECT DISTINCT partition, "offset", append_time
    FROM telemetry WHERE aircraft_id = ANY(%(aircraft_ids)s::uuid[]) AND imported = %(imported)s
) AS held
JOIN stream_log AS log
    ON log.partition = held.partition AND log."offset" = held."offset" AND log.append_time = held.append_time
WHERE log.topic = %(topic)s AND log.kind = 'block'

-- name: flight_end
-- Where the stream said that nothing more of the link would come, or else where it last spoke of it.
SELECT coalesce(
    min("offset") FILTER (WHERE body::jsonb -> 'links' @> jsonb_build_array(jsonb_build_object('link', %(link)s::text, 'closed', true))),
    max("offset"))
FROM stream_log
WHERE topic_id = %(topic_id)s AND partition = %(partition)s AND "offset" > %(last_block)s AND kind = 'listened'
    AND body::jsonb -> 'links' @> jsonb_build_array(jsonb_build_object('link', %(link)s::text))

-- name: last_marker_before
SELECT "offset", append_time, kind, body
FROM stream_log
WHERE topic_id = %(topic_id)s AND partition = %(partition)s AND "offset" < %(first)s AND kind = 'marker'
ORDER BY "offset" DESC
LIMIT 1

-- name: control_records
SELECT "offset", append_time, kind, body
FROM stream_log
WHERE topic_id = %(topic_id)s AND partition = %(partition)s AND "offset" BETWEEN %(first)s AND %(last)s
    AND kind IN ('listened', 'tick', 'marker', 'engine')

-- name: flight_rows
SELECT * FROM telemetry
WHERE aircraft_id = ANY(%(aircraft_ids)s::uuid[]) AND imported = %(imported)s AND partition = %(partition)s
ORDER BY append_time, "offset", "row"

-- name: flight_events
SELECT event.body
FROM alert_event AS event
JOIN aircraft USING (aircraft_id)
WHERE aircraft.link = %(link)s
ORDER BY event.partition, event."offset"
