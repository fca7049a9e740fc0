-- What our elevation tiles said of the ground below each position: heights above it are judged again from here alone.

ALTER TABLE telemetry_live ADD COLUMN ground_amsl_mm integer;
ALTER TABLE telemetry_import ADD COLUMN ground_amsl_mm integer;

DROP VIEW telemetry;
CREATE VIEW telemetry AS
    SELECT *, false AS imported FROM telemetry_live
    UNION ALL
    SELECT *, true AS imported FROM telemetry_import;
