import { describe, expect, it } from "vitest";
import { NO_ZONE, readZone, saysAll } from "../src/replay/zonetext";

const CORNERS = "149.1, -35.3\n149.2 -35.3\n\n149.2;-35.4\n";

describe("a typed zone", () => {
  it("is a closed ring with its limits and their datums", () => {
    const zone = readZone({ ...NO_ZONE, text: CORNERS, floor: "90", ceiling: "400", ceilingDatum: "AMSL" });
    expect(zone).toEqual({
      type: "Feature",
      geometry: { type: "Polygon", coordinates: [[[149.1, -35.3], [149.2, -35.3], [149.2, -35.4], [149.1, -35.3]]] },
      properties: { name: "What if", kind: "keep_out", floor_m: 90, floor_datum: "AGL", ceiling_m: 400, ceiling_datum: "AMSL" },
    });
  });

  it("is closed already where the last corner is the first", () => {
    const zone = readZone({ ...NO_ZONE, text: `${CORNERS}149.1 -35.3` }) as { geometry: { coordinates: number[][][] } };
    expect(zone.geometry.coordinates[0]).toHaveLength(4);
  });

  it("is a geometry that the fields say the rest of, or a feature that says all", () => {
    const point = { type: "Point", coordinates: [149, -35] };
    expect(readZone({ ...NO_ZONE, text: JSON.stringify(point) })).toMatchObject({ geometry: point, properties: { kind: "keep_out" } });
    const feature = { type: "Feature", geometry: point, properties: { name: "Pad", kind: "keep_in", radius_m: 40 } };
    expect(saysAll(JSON.stringify(feature))).toBe(true);
    expect(readZone({ ...NO_ZONE, text: JSON.stringify(feature) })).toEqual(feature);
    expect(saysAll(CORNERS)).toBe(false);
  });

  it.each([
    ["", "three corners"],
    ["149.1 -35.3\n149.2 -35.3", "three corners"],
    ["149.1 -35.3\nthere\n149.2 -35.3", "Corner 2"],
    ["-35.3 149.1\n-35.3 149.2\n-35.4 149.2", "longitude stands before latitude"],
    ['{"type": "Feature"', "no JSON"],
  ])("that cannot be read says why: %s", (text, words) => {
    expect(() => readZone({ ...NO_ZONE, text })).toThrow(words);
  });

  it("does not take a word for a height", () => {
    expect(() => readZone({ ...NO_ZONE, text: CORNERS, floor: "high" })).toThrow("The floor is no number");
  });
});
