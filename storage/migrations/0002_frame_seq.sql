-- MAVLink's own number of the frame, modulo 256: gaps in it count what a radio lost.

ALTER TABLE telemetry_live ADD COLUMN frame_seq smallint;
ALTER TABLE telemetry_import ADD COLUMN frame_seq smallint;

DROP VIEW telemetry;
CREATE VIEW telemetry AS
    SELECT *, false AS imported FROM telemetry_live
    UNION ALL
    SELECT *, true AS imported FROM telemetry_import;
