-- The whole database as it stands now. A change goes into a new file of migrations/ and into this one; a test proves
-- that running the migrations gives exactly this. With TimescaleDB present the part at the end makes a hypertable and a
-- continuous aggregate of what is a plain table and a plain view without it: same names, same columns.
--
-- There are no foreign keys: what happened arrives by the stream in its own order, and is stored when it arrives.

CREATE TABLE schema_migration (
    version integer PRIMARY KEY,
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- One row, written when the installation is born: P is fixed from then on.
CREATE TABLE installation (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    operator_id uuid NOT NULL,
    cluster text NOT NULL,
    partitions integer NOT NULL CHECK (partitions > 0),
    born_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE operator (
    operator_id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    title text NOT NULL
);

CREATE TABLE aircraft (
    operator_id uuid NOT NULL,
    aircraft_id uuid PRIMARY KEY,
    link text NOT NULL,
    system_id smallint NOT NULL,
    name text,
    vehicle_type smallint,
    first_seen timestamptz NOT NULL,
    imported boolean NOT NULL
);
CREATE INDEX aircraft_link ON aircraft (link);

-- Zones: every version is kept. The world number says when we knew; it is given under the lock of the one row of world,
-- so that numbers stand in the order of commits.
CREATE TABLE world (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    number bigint NOT NULL
);
INSERT INTO world (number) VALUES (0);

CREATE TABLE zone_version (
    operator_id uuid NOT NULL,
    zone_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    world bigint NOT NULL,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('keep_in', 'keep_out', 'information')),
    geometry jsonb NOT NULL,
    radius_m double precision,
    floor_m double precision,
    floor_datum text NOT NULL,
    ceiling_m double precision,
    ceiling_datum text NOT NULL,
    valid_from timestamptz,
    valid_to timestamptz,
    aircraft_ids uuid[],
    raise_beyond_m double precision NOT NULL,
    raise_after_s double precision NOT NULL,
    clear_inside_m double precision NOT NULL,
    clear_after_s double precision NOT NULL,
    ended boolean NOT NULL DEFAULT false,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    rule text,
    source text,
    airspace_class text,
    remarks text[] NOT NULL DEFAULT '{}',
    weights text[],
    activation text NOT NULL DEFAULT 'always',
    timetable jsonb,
    switched jsonb NOT NULL DEFAULT '[]',
    warn_within_s double precision,
    PRIMARY KEY (zone_id, version)
);
CREATE INDEX zone_version_world ON zone_version (world);

-- Facts that rules need: weights, stations, authorisations, tower hours, pressures. Versioned like zones.
CREATE TABLE fact_version (
    operator_id uuid NOT NULL,
    fact_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    world bigint NOT NULL,
    fact jsonb NOT NULL,
    valid_from timestamptz,
    valid_to timestamptz,
    ended boolean NOT NULL DEFAULT false,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (fact_id, version)
);
CREATE INDEX fact_version_world ON fact_version (world);

-- Up to which world each partition of a topic has its marker, acknowledged by the broker.
CREATE TABLE world_published (
    cluster text NOT NULL,
    topic_id text NOT NULL,
    partition integer NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (cluster, topic_id, partition)
);

-- Samples: the columns of core.block, then where the row stood on the stream. late: stored, not judged.
CREATE TABLE telemetry_live (
    operator_id uuid NOT NULL,
    aircraft_id uuid NOT NULL,
    link text NOT NULL,
    system_id smallint NOT NULL,
    epoch bigint NOT NULL,
    seq bigint NOT NULL,
    event_time timestamptz NOT NULL,
    kind smallint NOT NULL,
    vehicle_type smallint,
    vehicle_time_ms bigint,
    lon_e7 integer,
    lat_e7 integer,
    no_position smallint NOT NULL,
    amsl_mm integer,
    amsl_source smallint NOT NULL,
    takeoff_height_mm integer,
    takeoff_source smallint NOT NULL,
    agl_mm integer,
    agl_source smallint NOT NULL,
    agl_age_ms integer,
    velocity_north_cmps smallint,
    velocity_east_cmps smallint,
    velocity_down_cmps smallint,
    heading_cdeg integer,
    fix_type smallint,
    satellites smallint,
    hdop_e2 integer,
    fix_age_ms integer,
    battery_pct smallint,
    battery_mv integer,
    battery_age_ms integer,
    mode text,
    mode_age_ms integer,
    armed boolean,
    airborne boolean,
    ambiguous boolean NOT NULL,
    partition smallint NOT NULL,
    "offset" bigint NOT NULL,
    "row" smallint NOT NULL,
    late boolean NOT NULL,
    append_time timestamptz NOT NULL,
    frame_seq smallint, -- MAVLink's own number of the frame
    ground_amsl_mm integer -- of our elevation tiles, below the position
);
CREATE INDEX telemetry_live_track ON telemetry_live (aircraft_id, event_time DESC);
-- A stretch of broker time, whoever flew in it; rows come in that order, so an index of block ranges is enough.
CREATE INDEX telemetry_live_append ON telemetry_live USING brin (append_time) WITH (autosummarize = on);

-- Imports never meet the retention of live traffic.
CREATE TABLE telemetry_import (LIKE telemetry_live);
CREATE INDEX telemetry_import_track ON telemetry_import (aircraft_id, event_time DESC);

CREATE VIEW telemetry AS
    SELECT *, false AS imported FROM telemetry_live
    UNION ALL
    SELECT *, true AS imported FROM telemetry_import;

-- Condition comes only from the stream, handling only from people; both are only ever added to.
CREATE TABLE alert_event (
    operator_id uuid NOT NULL,
    alert_id uuid NOT NULL,
    n integer NOT NULL CHECK (n > 0),
    imported boolean NOT NULL,
    aircraft_id uuid NOT NULL,
    rule text NOT NULL,
    zone_id uuid,
    level text NOT NULL,
    condition text NOT NULL CHECK (condition IN ('raised', 'worsened', 'cleared')),
    start timestamptz NOT NULL,
    at timestamptz NOT NULL,
    body text NOT NULL, -- the bytes that were published: a re-run must write the same
    published_at timestamptz NOT NULL, -- the record's own time, given by the broker
    partition smallint NOT NULL, -- of the record on the alerts topic
    "offset" bigint NOT NULL,
    PRIMARY KEY (alert_id, n)
);
CREATE INDEX alert_event_aircraft ON alert_event (aircraft_id, start);
CREATE INDEX alert_event_start ON alert_event (start);

CREATE TABLE alert_handling (
    operator_id uuid NOT NULL,
    alert_id uuid NOT NULL,
    request_id uuid NOT NULL UNIQUE,
    n integer NOT NULL CHECK (n > 0),
    action text NOT NULL CHECK (action IN ('acknowledged', 'pilot_saw')),
    station text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    answer jsonb NOT NULL
);
CREATE INDEX alert_handling_alert ON alert_handling (alert_id, n);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON alert_event FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON alert_handling FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON zone_version FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON fact_version FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- An alert as it stands, whatever a pilot saw. An acknowledgement covers the n that was seen: what grew worse since is unacknowledged again.
CREATE VIEW alert AS
    SELECT
        latest.operator_id,
        latest.alert_id,
        latest.imported,
        latest.aircraft_id,
        latest.rule,
        latest.zone_id,
        latest.n,
        latest.level,
        latest.condition,
        latest.start,
        latest.at,
        span.raised_at,
        span.worsened_at,
        span.cleared_at,
        latest.published_at,
        seen.n AS acknowledged_n,
        seen.station AS acknowledged_by,
        seen.at AS acknowledged_at,
        CASE
            WHEN latest.condition = 'cleared' THEN
                CASE WHEN seen.n >= span.worst_n THEN 'cleared' ELSE 'cleared_unacknowledged' END
            ELSE
                CASE WHEN seen.n >= span.worst_n THEN 'acknowledged' ELSE 'unacknowledged' END
        END AS state,
        latest.body,
        latest.partition,
        latest."offset"
    FROM (SELECT DISTINCT ON (alert_id) * FROM alert_event ORDER BY alert_id, n DESC) AS latest
    JOIN (
        SELECT
            alert_id,
            min(at) FILTER (WHERE condition = 'raised') AS raised_at,
            max(at) FILTER (WHERE condition = 'worsened') AS worsened_at,
            max(at) FILTER (WHERE condition = 'cleared') AS cleared_at,
            coalesce(max(n) FILTER (WHERE condition <> 'cleared'), 1) AS worst_n
        FROM alert_event
        GROUP BY alert_id
    ) AS span ON span.alert_id = latest.alert_id
    LEFT JOIN LATERAL (
        SELECT handling.n, handling.station, handling.at
        FROM alert_handling AS handling
        WHERE handling.alert_id = latest.alert_id AND handling.action = 'acknowledged'
        ORDER BY handling.n DESC, handling.at
        LIMIT 1
    ) AS seen ON true;

-- What a pilot may look through: one aircraft, until a time, or until somebody ended it. Its token is signed, not stored.
CREATE TABLE pilot_link (
    link_id uuid PRIMARY KEY,
    operator_id uuid NOT NULL,
    aircraft_id uuid NOT NULL,
    name text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX pilot_link_expires ON pilot_link (operator_id, expires_at);

-- The recorder: its position is the fence of every flush, its screen what it knew there.
CREATE TABLE recorder_offset (
    cluster text NOT NULL,
    topic_id text NOT NULL,
    partition integer NOT NULL,
    topic text NOT NULL,
    next bigint NOT NULL CHECK (next >= 0),
    registered_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (cluster, topic_id, partition)
);

CREATE TABLE recorder_screen (
    cluster text NOT NULL,
    topic_id text NOT NULL,
    partition integer NOT NULL,
    state bytea NOT NULL,
    follow bytea, -- what it knew of links and aircraft, to see gaps
    PRIMARY KEY (cluster, topic_id, partition)
);

-- What is missing, as facts. Written by the recorder with the rows around it, each once.
CREATE TABLE link_gap (
    operator_id uuid NOT NULL,
    link text NOT NULL, -- or a listener, such as udp:14550, where its links cannot be told apart
    aircraft_id uuid, -- null: of any aircraft there
    began timestamptz NOT NULL, -- event times, between which something that was sent may be missing
    ended timestamptz NOT NULL CHECK (ended >= began),
    count bigint, -- null: nobody can tell how many
    reason text NOT NULL CHECK (reason IN ('dropped', 'no_room', 'not_listening', 'nothing_came')),
    imported boolean NOT NULL,
    topic_id text NOT NULL, -- of the record that told or showed it
    partition integer NOT NULL,
    "offset" bigint NOT NULL
);
CREATE INDEX link_gap_aircraft ON link_gap (aircraft_id, began);
CREATE INDEX link_gap_link ON link_gap (link, began);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON link_gap FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Every record of the telemetry topics, with the body of those that are no block. kind 'unreadable': body says why.
CREATE TABLE stream_log_live (
    cluster text NOT NULL,
    topic_id text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    append_time timestamptz NOT NULL,
    kind text NOT NULL,
    schema_version integer,
    rows integer,
    body text,
    PRIMARY KEY (topic_id, partition, "offset", append_time)
);

-- Imports never meet the retention of live traffic.
CREATE TABLE stream_log_import (LIKE stream_log_live, PRIMARY KEY (topic_id, partition, "offset"));

CREATE VIEW stream_log AS
    SELECT * FROM stream_log_live
    UNION ALL
    SELECT * FROM stream_log_import;

-- A live partition's state before record `next`, in chunks: where a re-run begins. append_time is that record's.
CREATE TABLE partition_state (
    cluster text NOT NULL,
    topic_id text NOT NULL,
    partition integer NOT NULL,
    next bigint NOT NULL,
    append_time timestamptz NOT NULL,
    engine text NOT NULL,
    after_gap boolean NOT NULL, -- records before it were not judged, as a person accepted
    writer text NOT NULL, -- chunks of two workers, one of which died while saying them, are never mixed
    chunk integer NOT NULL,
    chunks integer NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (cluster, topic_id, partition, next, writer, chunk, append_time)
);

-- Records that could not be judged: whom their headers name and why, as JSON.
CREATE TABLE unjudged (
    cluster text NOT NULL,
    topic_id text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (cluster, topic_id, partition, "offset")
);

-- The incident bundles that were made: what their root hash was, when and by whom. The bundles themselves are files.
CREATE TABLE bundle (
    operator_id uuid NOT NULL,
    root_hash text NOT NULL, -- SHA-256 of its manifest.json, in hexadecimal
    report_hash text NOT NULL, -- SHA-256 of its report.pdf, on which the root hash is printed
    made_at timestamptz NOT NULL,
    made_by text NOT NULL, -- as claimed
    flight text NOT NULL, -- as it was asked for
    from_time timestamptz NOT NULL, -- event times
    to_time timestamptz NOT NULL,
    aircraft_ids uuid[] NOT NULL,
    engine text NOT NULL, -- of the program that made it
    PRIMARY KEY (root_hash)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON bundle FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What a part says about itself each second: too old is as bad as a failure.
CREATE TABLE part_health (
    part text NOT NULL,
    worker text NOT NULL,
    at timestamptz NOT NULL,
    detail jsonb NOT NULL,
    PRIMARY KEY (part, worker)
);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
        PERFORM create_hypertable(
            'telemetry_live', 'event_time', chunk_time_interval => interval '1 day', create_default_indexes => false);
        ALTER TABLE telemetry_live SET (
            timescaledb.compress,
            timescaledb.compress_segmentby = 'aircraft_id',
            timescaledb.compress_orderby = 'event_time');
        PERFORM add_compression_policy('telemetry_live', interval '7 days');
        PERFORM add_retention_policy('telemetry_live', interval '90 days');
        PERFORM create_hypertable(
            'stream_log_live', 'append_time', chunk_time_interval => interval '1 day', create_default_indexes => false);
        ALTER TABLE stream_log_live SET (
            timescaledb.compress,
            timescaledb.compress_segmentby = 'topic_id, partition',
            timescaledb.compress_orderby = '"offset"');
        PERFORM add_compression_policy('stream_log_live', interval '7 days');
        PERFORM add_retention_policy('stream_log_live', interval '90 days');
        PERFORM create_hypertable(
            'partition_state', 'append_time', chunk_time_interval => interval '7 days', create_default_indexes => false);
        PERFORM add_retention_policy('partition_state', interval '90 days');
        EXECUTE $view$
            CREATE MATERIALIZED VIEW telemetry_1m
            WITH (timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.create_group_indexes = true) AS
            SELECT
                operator_id,
                aircraft_id,
                time_bucket('1 minute', event_time) AS minute,
                count(*) AS samples,
                min(amsl_mm) AS min_amsl_mm,
                max(amsl_mm) AS max_amsl_mm,
                min(takeoff_height_mm) AS min_takeoff_height_mm,
                max(takeoff_height_mm) AS max_takeoff_height_mm,
                min(agl_mm) AS min_agl_mm,
                max(agl_mm) AS max_agl_mm,
                max(sqrt(power(velocity_north_cmps, 2) + power(velocity_east_cmps, 2))) / 100 AS max_speed_mps,
                min(battery_pct) AS min_battery_pct
            FROM telemetry_live
            GROUP BY operator_id, aircraft_id, minute
            WITH NO DATA
        $view$;
        PERFORM add_continuous_aggregate_policy(
            'telemetry_1m', start_offset => interval '1 day', end_offset => interval '2 minutes',
            schedule_interval => interval '1 minute');
    ELSE
        EXECUTE $view$
            CREATE VIEW telemetry_1m AS
            SELECT
                operator_id,
                aircraft_id,
                date_bin('1 minute', event_time, timestamptz '2000-01-01 00:00:00+00') AS minute,
                count(*) AS samples,
                min(amsl_mm) AS min_amsl_mm,
                max(amsl_mm) AS max_amsl_mm,
                min(takeoff_height_mm) AS min_takeoff_height_mm,
                max(takeoff_height_mm) AS max_takeoff_height_mm,
                min(agl_mm) AS min_agl_mm,
                max(agl_mm) AS max_agl_mm,
                max(sqrt(power(velocity_north_cmps, 2) + power(velocity_east_cmps, 2))) / 100 AS max_speed_mps,
                min(battery_pct) AS min_battery_pct
            FROM telemetry_live
            GROUP BY operator_id, aircraft_id, minute
        $view$;
    END IF;
END $$;
