-- What published airspace says beside an outline; and the facts that rules need.

ALTER TABLE zone_version DROP CONSTRAINT zone_version_kind_check;
ALTER TABLE zone_version ADD CONSTRAINT zone_version_kind_check CHECK (kind IN ('keep_in', 'keep_out', 'information'));
ALTER TABLE zone_version
    ADD COLUMN rule text,
    ADD COLUMN source text,
    ADD COLUMN airspace_class text,
    ADD COLUMN remarks text[] NOT NULL DEFAULT '{}',
    ADD COLUMN weights text[],
    ADD COLUMN activation text NOT NULL DEFAULT 'always',
    ADD COLUMN timetable jsonb,
    ADD COLUMN switched jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN warn_within_s double precision;

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
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON fact_version FOR EACH ROW EXECUTE FUNCTION refuse_change();
