-- Zones and facts: versions are only ever added, each with the number of the world that knows it.

-- name: next_world
-- The row stays locked until the commit: numbers stand in the order of commits.
UPDATE world SET number = number + 1 RETURNING number

-- name: world_number
SELECT number FROM world

-- name: add_version
INSERT INTO zone_version (
    operator_id, zone_id, version, world, name, kind, geometry, radius_m, floor_m, floor_datum, ceiling_m, ceiling_datum,
    valid_from, valid_to, aircraft_ids, raise_beyond_m, raise_after_s, clear_inside_m, clear_after_s, ended,
    rule, source, airspace_class, remarks, weights, activation, timetable, switched, warn_within_s)
VALUES (
    %(operator_id)s, %(zone_id)s, %(version)s, %(world)s, %(name)s, %(kind)s, %(geometry)s, %(radius_m)s, %(floor_m)s,
    %(floor_datum)s, %(ceiling_m)s, %(ceiling_datum)s, %(valid_from)s, %(valid_to)s, %(aircraft_ids)s,
    %(raise_beyond_m)s, %(raise_after_s)s, %(clear_inside_m)s, %(clear_after_s)s, %(ended)s,
    %(rule)s, %(source)s, %(airspace_class)s, %(remarks)s, %(weights)s, %(activation)s, %(timetable)s, %(switched)s,
    %(warn_within_s)s)
RETURNING recorded_at

-- name: versions_of
SELECT
    operator_id, zone_id, version, world, name, kind, geometry, radius_m, floor_m, floor_datum, ceiling_m, ceiling_datum,
    valid_from, valid_to, aircraft_ids, raise_beyond_m, raise_after_s, clear_inside_m, clear_after_s, ended,
    rule, source, airspace_class, remarks, weights, activation, timetable, switched, warn_within_s, recorded_at
FROM zone_version
WHERE operator_id = %(operator_id)s AND zone_id = %(zone_id)s
ORDER BY version

-- name: versions
SELECT
    operator_id, zone_id, version, world, name, kind, geometry, radius_m, floor_m, floor_datum, ceiling_m, ceiling_datum,
    valid_from, valid_to, aircraft_ids, raise_beyond_m, raise_after_s, clear_inside_m, clear_after_s, ended,
    rule, source, airspace_class, remarks, weights, activation, timetable, switched, warn_within_s, recorded_at
FROM zone_version
WHERE operator_id = %(operator_id)s
ORDER BY world, zone_id, version

-- name: versions_between
-- Of every operator: the world is one.
SELECT
    operator_id, zone_id, version, world, name, kind, geometry, radius_m, floor_m, floor_datum, ceiling_m, ceiling_datum,
    valid_from, valid_to, aircraft_ids, raise_beyond_m, raise_after_s, clear_inside_m, clear_after_s, ended,
    rule, source, airspace_class, remarks, weights, activation, timetable, switched, warn_within_s, recorded_at
FROM zone_version
WHERE world > %(above)s AND world <= %(up_to)s
ORDER BY world, zone_id, version

-- name: add_fact_version
INSERT INTO fact_version (operator_id, fact_id, version, world, fact, valid_from, valid_to, ended)
VALUES (%(operator_id)s, %(fact_id)s, %(version)s, %(world)s, %(fact)s, %(valid_from)s, %(valid_to)s, %(ended)s)
RETURNING recorded_at

-- name: fact_versions_of
SELECT operator_id, fact_id, version, world, fact, valid_from, valid_to, ended, recorded_at
FROM fact_version
WHERE operator_id = %(operator_id)s AND fact_id = %(fact_id)s
ORDER BY version

-- name: fact_versions
SELECT operator_id, fact_id, version, world, fact, valid_from, valid_to, ended, recorded_at
FROM fact_version
WHERE operator_id = %(operator_id)s
ORDER BY world, fact_id, version

-- name: fact_versions_between
-- Of every operator: the world is one.
SELECT operator_id, fact_id, version, world, fact, valid_from, valid_to, ended, recorded_at
FROM fact_version
WHERE world > %(above)s AND world <= %(up_to)s
ORDER BY world, fact_id, version

-- name: last_of_collection
SELECT DISTINCT ON (zone_id)
    operator_id, zone_id, version, world, name, kind, geometry, radius_m, floor_m, floor_datum, ceiling_m, ceiling_datum,
    valid_from, valid_to, aircraft_ids, raise_beyond_m, raise_after_s, clear_inside_m, clear_after_s, ended,
    rule, source, airspace_class, remarks, weights, activation, timetable, switched, warn_within_s, recorded_at
FROM zone_version
WHERE operator_id = %(operator_id)s AND starts_with(source, %(prefix)s)
ORDER BY zone_id, version DESC
