-- What a replay reads: who flew, their samples, which alerts stood.

-- name: flown
-- Who has samples in a stretch of event time, with the first and the last of them; who was heard last stands first.
SELECT aircraft.aircraft_id, aircraft.name, aircraft.link, aircraft.system_id, aircraft.imported, first.event_time, last.event_time
FROM aircraft
CROSS JOIN LATERAL (
    SELECT event_time
    FROM telemetry
    WHERE telemetry.aircraft_id = aircraft.aircraft_id AND telemetry.imported = aircraft.imported
        AND (%(since)s::timestamptz IS NULL OR event_time >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR event_time < %(until)s)
    ORDER BY event_time DESC
    LIMIT 1
) AS last
CROSS JOIN LATERAL (
    SELECT event_time
    FROM telemetry
    WHERE telemetry.aircraft_id = aircraft.aircraft_id AND telemetry.imported = aircraft.imported
        AND (%(since)s::timestamptz IS NULL OR event_time >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR event_time < %(until)s)
    ORDER BY event_time
    LIMIT 1
) AS first
WHERE aircraft.operator_id = %(operator_id)s
    AND (%(aircraft_ids)s::uuid[] IS NULL OR aircraft.aircraft_id = ANY(%(aircraft_ids)s::uuid[]))
ORDER BY last.event_time DESC, aircraft.aircraft_id
LIMIT %(limit)s

-- name: known_aircraft
SELECT aircraft_id, link, imported
FROM aircraft
WHERE operator_id = %(operator_id)s AND aircraft_id = ANY(%(aircraft_ids)s::uuid[])
ORDER BY aircraft_id

-- name: packed_samples
-- Of each aircraft its samples as one piece: rows of evidence.tracks.PACKED, in no order. Rows one by one, and columns as
-- arrays, take several times as long; and each piece that is sent and joined costs, so numbers go two and four at a time.
SELECT
    aircraft_id,
    string_agg(
        timestamptz_send(event_time) || int8send(("offset" << 16) | "row")
        || int8send((coalesce(lon_e7, -2147483648)::bigint << 32) | (coalesce(lat_e7, -2147483648)::bigint & 4294967295))
        || int8send((coalesce(amsl_mm, -2147483648)::bigint << 32) | (coalesce(takeoff_height_mm, -2147483648)::bigint & 4294967295))
        || int8send((coalesce(agl_mm, -2147483648)::bigint << 32) | (coalesce(ground_amsl_mm, -2147483648)::bigint & 4294967295))
        || int8send(
            (coalesce(velocity_north_cmps, -32768)::bigint << 48) | ((coalesce(velocity_east_cmps, -32768)::bigint & 65535) << 32)
            | (coalesce(heading_cdeg, 65535)::bigint << 16) | coalesce(battery_pct, 255)::bigint)
        || int2send(agl_source) || boolsend(late),
        ''::bytea)
FROM telemetry
WHERE operator_id = %(operator_id)s AND aircraft_id = ANY(%(aircraft_ids)s::uuid[])
    AND event_time >= %(since)s AND event_time < %(until)s
GROUP BY aircraft_id

-- name: came
-- When the broker took the last sample of each aircraft in a stretch: by what was known then it was judged.
SELECT aircraft.aircraft_id, last.append_time
FROM aircraft
CROSS JOIN LATERAL (
    SELECT append_time
    FROM telemetry
    WHERE telemetry.aircraft_id = aircraft.aircraft_id AND telemetry.imported = aircraft.imported
        AND event_time >= %(since)s AND event_time < %(until)s
    ORDER BY event_time DESC
    LIMIT 1
) AS last
WHERE aircraft.operator_id = %(operator_id)s AND aircraft.aircraft_id = ANY(%(aircraft_ids)s::uuid[])

-- name: gaps_of
-- Those that touch the stretch: of these aircraft, and what their links and listeners lost without knowing of whom.
SELECT operator_id, link, aircraft_id, began, ended, count, reason
FROM link_gap
WHERE operator_id = %(operator_id)s AND ended >= %(since)s AND began < %(until)s
    AND (aircraft_id = ANY(%(aircraft_ids)s::uuid[])
        OR aircraft_id IS NULL AND link IN (
            SELECT unnest(ARRAY[link, split_part(link, '/', 1)]) FROM aircraft
            WHERE aircraft_id = ANY(%(aircraft_ids)s::uuid[])))
ORDER BY began, link, aircraft_id, reason, ended
LIMIT %(limit)s

-- name: alerts_between
-- That stood at some time of the stretch, the first first.
SELECT alert_id
FROM alert_event
WHERE operator_id = %(operator_id)s AND aircraft_id = ANY(%(aircraft_ids)s::uuid[])
GROUP BY alert_id
HAVING min(start) < %(until)s AND coalesce(max(at) FILTER (WHERE condition = 'cleared'), 'infinity') >= %(since)s
ORDER BY min(start), alert_id
LIMIT %(limit)s

-- name: alert_moments
-- When each event of an aircraft's alerts was triggered: the times of samples.
SELECT aircraft_id, at
FROM alert_event
WHERE operator_id = %(operator_id)s AND aircraft_id = ANY(%(aircraft_ids)s::uuid[]) AND at >= %(since)s AND at < %(until)s
