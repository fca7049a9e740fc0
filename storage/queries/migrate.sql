-- name: timescale_waiting
SELECT 1
FROM pg_available_extensions
WHERE name = 'timescaledb' AND installed_version IS NULL
    AND position('timescaledb' IN current_setting('shared_preload_libraries')) > 0

-- name: has_migrations
SELECT to_regclass('schema_migration') IS NOT NULL

-- name: last_migration
SELECT max(version) FROM schema_migration HAVING count(*) > 0

-- name: note_migration
INSERT INTO schema_migration (version, name) VALUES (%(version)s, %(name)s)

-- name: bear_installation
INSERT INTO installation (operator_id, cluster, partitions)
VALUES (%(operator_id)s, %(cluster)s, %(partitions)s)
ON CONFLICT DO NOTHING

-- name: installation
SELECT operator_id, partitions, cluster FROM installation

-- name: save_operator
INSERT INTO operator (operator_id, name, title)
VALUES (%(operator_id)s, %(name)s, %(title)s)
ON CONFLICT (operator_id) DO UPDATE SET title = excluded.title WHERE operator.title <> excluded.title

-- name: make_offsets
INSERT INTO recorder_offset (cluster, topic_id, partition, topic, next)
SELECT %(cluster)s, %(topic_id)s, number, %(topic)s, 0
FROM generate_series(0, %(partitions)s - 1) AS number
ON CONFLICT DO NOTHING

-- name: inherit_screens
-- Only for a topic that has no rows yet: the screens of the topic of this name that was registered last.
INSERT INTO recorder_screen (cluster, topic_id, partition, state)
SELECT %(cluster)s, %(topic_id)s, screen.partition, screen.state
FROM recorder_screen AS screen
WHERE (screen.cluster, screen.topic_id) = (
        SELECT cluster, topic_id FROM recorder_offset
        WHERE topic = %(topic)s ORDER BY registered_at DESC, topic_id LIMIT 1)
    AND NOT EXISTS (
        SELECT FROM recorder_offset WHERE cluster = %(cluster)s AND topic_id = %(topic_id)s)
ON CONFLICT DO NOTHING
