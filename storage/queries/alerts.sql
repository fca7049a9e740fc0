-- What people do with alerts: only ever added to.

-- name: lock_alert
-- Two words on one alert are decided one after the other, whichever process they came to.
SELECT pg_advisory_xact_lock(hashtextextended(%(alert_id)s::text, 0))

-- name: latest_n
SELECT max(n) FROM alert_event WHERE alert_id = %(alert_id)s

-- name: request
SELECT operator_id, alert_id, request_id, n, station, at, action FROM alert_handling WHERE request_id = %(request_id)s

-- name: handling
SELECT operator_id, alert_id, request_id, n, station, at, action FROM alert_handling WHERE alert_id = %(alert_id)s ORDER BY at

-- name: add_handling
-- Told to every door when, and only when, it is committed.
WITH added AS (
    INSERT INTO alert_handling (operator_id, alert_id, request_id, n, action, station, at, answer)
    VALUES (%(operator_id)s, %(alert_id)s, %(request_id)s, %(n)s, %(action)s, %(station)s, %(at)s, %(answer)s)
    RETURNING request_id
)
SELECT pg_notify('wedgetail_handling', %(notice)s) FROM added
