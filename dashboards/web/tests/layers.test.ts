import { describe, expect, it } from "vitest";
import { marksOf, visibleZones, zoneLayers } from "../src/layers";
import type { ZoneFeature } from "../src/protocol";

const zone = (id: string, kind: string, airspace_class: string | null): ZoneFeature =>
  ({ id, properties: { kind, airspace_class } }) as unknown as ZoneFeature;
const ZONES = [zone("1", "information", "Q"), zone("2", "keep_out", "R"), zone("3", "keep_out", null), zone("4", "keep_in", null), zone("5", "keep_out", "R")];

describe("layers", () => {
  it("are the kinds and classes of the zones at hand, and those that were hidden elsewhere", () => {
    expect(zoneLayers(ZONES, ["trails", "information/C", "nonsense/x"]).map((one) => [one.key, one.count])).toEqual([
      ["keep_in/", 1], ["keep_out/", 1], ["keep_out/R", 2], ["information/C", 0], ["information/Q", 1],
    ]);
  });

  it("hide what was chosen, never a zone that an alert names", () => {
    const hidden = new Set(["keep_out/R", "information/Q"]);
    expect(visibleZones(ZONES, hidden, new Set()).map((one) => one.id)).toEqual(["3", "4"]);
    expect(visibleZones(ZONES, hidden, new Set(["5"])).map((one) => one.id)).toEqual(["3", "4", "5"]);
  });

  it("are all shown until somebody chooses", () => {
    expect(marksOf(new Set())).toEqual({ trails: true, names: true, paths: true, zoneNames: true });
    expect(marksOf(new Set(["trails"])).trails).toBe(false);
  });
});
