-- Pilots' links, and that a pilot saw an alert: recorded beside acknowledgements, and acknowledging nothing.

ALTER TABLE alert_handling DROP CONSTRAINT alert_handling_action_check;
ALTER TABLE alert_handling ADD CONSTRAINT alert_handling_action_check CHECK (action IN ('acknowledged', 'pilot_saw'));

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
