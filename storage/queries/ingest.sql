-- An import's end.

-- name: recorded
-- How far the recorder has stored each partition of a topic.
SELECT partition, next FROM recorder_offset WHERE cluster = %(cluster)s AND topic_id = %(topic_id)s
