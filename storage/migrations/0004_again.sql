-- Flights run again: hourly states, records that were not judged, and a log of live traffic that does not grow for ever.

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

INSERT INTO stream_log_live
SELECT * FROM stream_log WHERE topic NOT IN ('telemetry-import', 'alerts-import');
INSERT INTO stream_log_import
SELECT * FROM stream_log WHERE topic IN ('telemetry-import', 'alerts-import');
DROP TABLE stream_log;

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

-- A stretch of broker time, whoever flew in it; rows come in that order, so an index of block ranges is enough.
CREATE INDEX telemetry_live_append ON telemetry_live USING brin (append_time) WITH (autosummarize = on);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
        PERFORM create_hypertable(
            'stream_log_live', 'append_time', chunk_time_interval => interval '1 day', create_default_indexes => false,
            migrate_data => true);
        ALTER TABLE stream_log_live SET (
            timescaledb.compress,
            timescaledb.compress_segmentby = 'topic_id, partition',
            timescaledb.compress_orderby = '"offset"');
        PERFORM add_compression_policy('stream_log_live', interval '7 days');
        PERFORM add_retention_policy('stream_log_live', interval '90 days');
        PERFORM create_hypertable(
            'partition_state', 'append_time', chunk_time_interval => interval '7 days', create_default_indexes => false);
        PERFORM add_retention_policy('partition_state', interval '90 days');
    END IF;
END $$;
