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

-- What the recorder knows of links and aircraft at its position, to see such gaps.
ALTER TABLE recorder_screen ADD COLUMN follow bytea;
