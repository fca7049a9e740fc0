-- What the door reads. At its start, in one REPEATABLE READ transaction: alerts, handling, latest samples, positions.

-- name: standing_alerts
-- Every event of each live alert that is open, or closed and not seen.
SELECT event.body, event.published_at, event.imported
FROM alert
JOIN alert_event AS event USING (alert_id)
WHERE NOT alert.imported AND alert.operator_id = %(operator_id)s AND alert.state <> 'cleared'
ORDER BY event.alert_id, event.n

-- name: events_of
SELECT body, published_at, imported
FROM alert_event
WHERE operator_id = %(operator_id)s AND alert_id = ANY(%(alert_ids)s)
ORDER BY alert_id, n

-- name: handling_of
SELECT operator_id, alert_id, request_id, n, station, at, action
FROM alert_handling
WHERE alert_id = ANY(%(alert_ids)s)
ORDER BY at

-- name: early_handling
-- Handling of alerts that are on the stream and not yet recorded.
SELECT operator_id, alert_id, request_id, n, station, at, action
FROM alert_handling AS handling
WHERE operator_id = %(operator_id)s
    AND NOT EXISTS (SELECT FROM alert_event AS event WHERE event.alert_id = handling.alert_id)
ORDER BY at

-- name: find_alerts
-- Newest first. One row more than the limit tells that there are more.
SELECT alert_id
FROM alert
WHERE operator_id = %(operator_id)s AND imported = %(imported)s AND state = ANY(%(states)s)
    AND (%(aircraft_id)s::uuid IS NULL OR aircraft_id = %(aircraft_id)s::uuid)
ORDER BY start DESC, alert_id
LIMIT %(limit)s

-- name: recorder_positions
SELECT topic_id, partition, next FROM recorder_offset WHERE cluster = %(cluster)s

-- name: names
SELECT aircraft_id, name FROM aircraft WHERE operator_id = %(operator_id)s AND name IS NOT NULL

-- name: latest_samples
-- Of each aircraft its last sample, its last position message and its last position, within a day: up to three rows.
SELECT
    sample.operator_id, sample.aircraft_id, sample.link, sample.system_id, sample.epoch, sample.seq, sample.event_time,
    sample.kind, sample.vehicle_type, sample.vehicle_time_ms, sample.lon_e7, sample.lat_e7, sample.no_position,
    sample.amsl_mm, sample.amsl_source, sample.takeoff_height_mm, sample.takeoff_source, sample.agl_mm, sample.agl_source,
    sample.agl_age_ms, sample.velocity_north_cmps, sample.velocity_east_cmps, sample.velocity_down_cmps,
    sample.heading_cdeg, sample.fix_type, sample.satellites, sample.hdop_e2, sample.fix_age_ms, sample.battery_pct,
    sample.battery_mv, sample.battery_age_ms, sample.mode, sample.mode_age_ms, sample.armed, sample.airborne,
    sample.ambiguous, sample.frame_seq, sample.ground_amsl_mm
FROM aircraft
CROSS JOIN (VALUES (0), (1), (2)) AS wanted (what)
CROSS JOIN LATERAL (
    SELECT *
    FROM telemetry
    WHERE telemetry.aircraft_id = aircraft.aircraft_id AND telemetry.imported = %(imported)s AND NOT late
        AND (wanted.what < 1 OR kind = 0) AND (wanted.what < 2 OR lon_e7 IS NOT NULL)
        AND event_time > %(since)s
    ORDER BY event_time DESC, "offset" DESC, "row" DESC
    LIMIT 1
) AS sample
WHERE aircraft.operator_id = %(operator_id)s AND aircraft.imported = %(imported)s
    AND (%(aircraft_id)s::uuid IS NULL OR aircraft.aircraft_id = %(aircraft_id)s::uuid)
ORDER BY sample.event_time, sample.kind

-- name: track
-- In the order of event time. One row more than the limit tells that there are more.
SELECT
    event_time, lon_e7, lat_e7, no_position, amsl_mm, takeoff_height_mm, agl_mm, agl_source, velocity_north_cmps,
    velocity_east_cmps, velocity_down_cmps, heading_cdeg, battery_pct, mode, armed, airborne, late
FROM telemetry
WHERE operator_id = %(operator_id)s AND aircraft_id = %(aircraft_id)s
    AND (%(since)s::timestamptz IS NULL OR event_time >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR event_time < %(until)s)
ORDER BY event_time, "offset", "row"
LIMIT %(limit)s

-- name: gaps
-- Those of the aircraft (or link), and what its link and its listener lost without knowing of whom. One row more than the
-- limit tells that there are more.
SELECT gap.link, gap.aircraft_id, began, ended, count, reason, gap.imported
FROM link_gap AS gap
WHERE gap.operator_id = %(operator_id)s
    AND (%(aircraft_id)s::uuid IS NULL OR gap.aircraft_id = %(aircraft_id)s
        OR gap.aircraft_id IS NULL AND gap.link IN (
            SELECT unnest(ARRAY[link, split_part(link, '/', 1)]) FROM aircraft WHERE aircraft_id = %(aircraft_id)s))
    AND (%(link)s::text IS NULL OR gap.link = %(link)s
        OR gap.aircraft_id IS NULL AND gap.link = split_part(%(link)s::text, '/', 1))
    AND (%(since)s::timestamptz IS NULL OR ended >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR began < %(until)s)
ORDER BY began, gap.link, gap.aircraft_id
LIMIT %(limit)s

-- name: knows_aircraft
SELECT 1 FROM aircraft WHERE operator_id = %(operator_id)s AND aircraft_id = %(aircraft_id)s

-- name: try_publish_lock
SELECT pg_try_advisory_lock(%(key)s)

-- name: published
SELECT topic_id, partition, number FROM world_published WHERE cluster = %(cluster)s

-- name: note_published
INSERT INTO world_published (cluster, topic_id, partition, number)
VALUES (%(cluster)s, %(topic_id)s, %(partition)s, %(number)s)
ON CONFLICT (cluster, topic_id, partition) DO UPDATE
SET number = greatest(world_published.number, excluded.number)

-- name: listen_handling
LISTEN wedgetail_handling

-- name: ping
SELECT 1

-- name: add_pilot_link
INSERT INTO pilot_link (link_id, operator_id, aircraft_id, name, made_at, expires_at)
VALUES (%(link_id)s, %(operator_id)s, %(aircraft_id)s, %(name)s, %(made_at)s, %(expires_at)s)

-- name: pilot_links
-- Those that may still be used.
SELECT link_id, aircraft_id, name, expires_at
FROM pilot_link
WHERE operator_id = %(operator_id)s AND ended_at IS NULL AND expires_at > %(now)s
    AND (%(aircraft_id)s::uuid IS NULL OR aircraft_id = %(aircraft_id)s::uuid)
ORDER BY made_at, link_id

-- name: end_pilot_link
UPDATE pilot_link
SET ended_at = coalesce(ended_at, %(now)s)
WHERE operator_id = %(operator_id)s AND link_id = %(link_id)s
RETURNING link_id

-- name: ended_pilot_links
-- Those that ended before their time, and whose time is not over: the others refuse themselves.
SELECT link_id FROM pilot_link WHERE operator_id = %(operator_id)s AND ended_at IS NOT NULL AND expires_at > %(now)s

-- name: imported_flight
-- What the database has of each aircraft of an imported log.
SELECT aircraft.aircraft_id, aircraft.system_id, held.samples, held.first, held.last,
    (SELECT count(DISTINCT alert_id) FROM alert_event WHERE alert_event.aircraft_id = aircraft.aircraft_id AND alert_event.imported)
FROM aircraft
CROSS JOIN LATERAL (
    SELECT count(*) AS samples, min(event_time) AS first, max(event_time) AS last
    FROM telemetry WHERE telemetry.aircraft_id = aircraft.aircraft_id AND telemetry.imported) AS held
WHERE aircraft.link = %(link)s
ORDER BY aircraft.system_id

-- name: samples_within
-- Of each of these aircraft how many samples there are in a span of event time, so many at the most, the first and the last.
-- An import is asked for whole.
SELECT aircraft.aircraft_id, aircraft.imported, held.samples, held.first, held.last
FROM aircraft
CROSS JOIN LATERAL (
    SELECT count(*) AS samples, min(found.event_time) AS first, max(found.event_time) AS last
    FROM (
        SELECT event_time FROM telemetry
        WHERE telemetry.aircraft_id = aircraft.aircraft_id AND telemetry.imported = aircraft.imported
            AND (aircraft.imported OR %(from)s::timestamptz IS NULL OR event_time >= %(from)s)
            AND (aircraft.imported OR %(to)s::timestamptz IS NULL OR event_time <= %(to)s)
        ORDER BY event_time
        LIMIT %(most)s) AS found) AS held
WHERE aircraft.operator_id = %(operator_id)s AND aircraft.aircraft_id = ANY(%(aircraft_ids)s::uuid[])
