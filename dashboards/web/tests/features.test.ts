import { describe, expect, it } from "vitest";
import { boxQuery, contains, widened, zoneFeatures, type Box } from "../src/map/features";
import type { ZoneFeature } from "../src/protocol";

describe("the box that zones are asked for", () => {
  it("is three times what is shown, half a degree more at the least", () => {
    expect(widened([149, -36, 151, -35])).toEqual([147, -37, 153, -34]);
    expect(widened([149, -35, 149, -35])).toEqual([148.5, -35.5, 149.5, -34.5]);
    expect(widened([0, -80, 1, 85])[3]).toBe(90);
    const view: Box = [149, -36, 151, -35];
    expect(contains(widened(view), view)).toBe(true);
    expect(contains(view, widened(view))).toBe(false);
  });

  it("goes over longitude 180, and round the world at most once", () => {
    expect(boxQuery([147, -37, 153, -34])).toBe("147,-37,153,-34");
    expect(boxQuery([179, -37, 183, -34])).toBe("179,-37,-177,-34");
    expect(boxQuery([-200, -60, 200, 60])).toBe("-180,-60,180,60");
  });
});

describe("zones on the map", () => {
  it("lie under what asks something when they ask nothing", () => {
    const zone = (id: string, kind: string): ZoneFeature =>
      ({
        type: "Feature", id,
        geometry: { type: "Polygon", coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]]] },
        properties: { name: id, kind, valid_from: null, valid_to: null, radius_m: null, airspace_class: kind === "information" ? "Q" : null },
      }) as unknown as ZoneFeature;
    const { areas, labels } = zoneFeatures([zone("a", "keep_out"), zone("b", "information"), zone("c", "keep_in")], null);
    expect(areas.features.map((one) => one.properties?.id)).toEqual(["b", "a", "c"]);
    expect(labels.features[0]?.properties?.name).toBe("b · INFORMATION Q");
  });
});
