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
