-- What an export reads, in one REPEATABLE READ transaction; and the record of the bundles that were made.

-- name: aircraft
SELECT aircraft_id, link, system_id, name
FROM aircraft
WHERE operator_id = %(operator_id)s AND aircraft_id = ANY(%(aircraft_ids)s::uuid[])
ORDER BY link, system_id

-- name: span_of
-- Of these aircraft: when the first and the last sample was received, in event time.
SELECT min(event_time), max(event_time)
FROM telemetry
WHERE operator_id = %(operator_id)s AND aircraft_id = ANY(%(aircraft_ids)s::uuid[]) AND imported = %(imported)s
    AND (%(since)s::timestamptz IS NULL OR event_time >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR event_time < %(until)s)

-- name: samples
-- The columns of evidence.columns.RAW.
SELECT
    event_time, aircraft_id::text, link, system_id, epoch, seq, kind, lon_e7, lat_e7, no_position, amsl_mm, amsl_source,
    takeoff_height_mm, agl_mm, agl_source, agl_age_ms, ground_amsl_mm, velocity_north_cmps, velocity_east_cmps,
    velocity_down_cmps, heading_cdeg, fix_type, satellites, hdop_e2, fix_age_ms, battery_pct, battery_mv, battery_age_ms,
    mode, mode_age_ms, armed, airborne, ambiguous, late, vehicle_time_ms, append_time, partition, "offset", "row"
FROM telemetry
WHERE operator_id = %(operator_id)s AND aircraft_id = ANY(%(aircraft_ids)s::uuid[]) AND imported = %(imported)s
    AND event_time >= %(since)s AND event_time < %(until)s
ORDER BY aircraft_id, event_time, "offset", "row"

-- name: gaps_within
-- Those that touch the window: of the aircraft, and what their links and listeners lost without knowing of whom.
SELECT operator_id, link, aircraft_id, began, ended, count, reason
FROM link_gap
WHERE operator_id = %(operator_id)s AND imported = %(imported)s AND ended >= %(since)s AND began < %(until)s
    AND (aircraft_id = ANY(%(aircraft_ids)s::uuid[])
        OR aircraft_id IS NULL AND link IN (
            SELECT unnest(ARRAY[link, split_part(link, '/', 1)]) FROM aircraft
            WHERE aircraft_id = ANY(%(aircraft_ids)s::uuid[])))
ORDER BY began, link, aircraft_id, reason, ended

-- name: alert_events
-- Every event of the alerts that stood at some time of the window.
SELECT body, published_at
FROM alert_event
WHERE alert_id IN (
    SELECT alert_id
    FROM alert_event
    WHERE operator_id = %(operator_id)s AND aircraft_id = ANY(%(aircraft_ids)s::uuid[]) AND imported = %(imported)s
    GROUP BY alert_id
    HAVING min(start) < %(until)s AND coalesce(max(at) FILTER (WHERE condition = 'cleared'), 'infinity') >= %(since)s)
ORDER BY start, alert_id, n

-- name: actions_on
SELECT operator_id, alert_id, request_id, n, station, at, action
FROM alert_handling
WHERE alert_id = ANY(%(alert_ids)s::uuid[])
ORDER BY at, request_id

-- name: worlds
-- What was known when the samples of the window came to the broker: the last world before the first of them, and the last
-- before the last. A marker takes seconds to its partition, so the first is looked for a minute earlier.
SELECT
    coalesce(max(world) FILTER (WHERE recorded_at <= %(first)s::timestamptz - interval '1 minute'), 0),
    coalesce(max(world) FILTER (WHERE recorded_at <= %(last)s::timestamptz), 0)
FROM (SELECT world, recorded_at FROM zone_version UNION ALL SELECT world, recorded_at FROM fact_version) AS known

-- name: last_engine_before
-- Of an import: which engine its partition had last said before these records.
SELECT body::jsonb ->> 'version'
FROM stream_log_import
WHERE topic_id = %(topic_id)s AND partition = %(partition)s AND "offset" < %(first)s AND kind = 'engine'
ORDER BY "offset" DESC
LIMIT 1

-- name: add_bundle
INSERT INTO bundle (operator_id, root_hash, report_hash, made_at, made_by, flight, from_time, to_time, aircraft_ids, engine)
VALUES (
    %(operator_id)s, %(root_hash)s, %(report_hash)s, %(made_at)s, %(made_by)s, %(flight)s, %(from)s, %(to)s,
    %(aircraft_ids)s, %(engine)s)
