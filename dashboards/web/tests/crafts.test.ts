import { describe, expect, it } from "vitest";
import { aheadOf } from "../src/map/crafts";
import { unproject } from "../src/map/mercator";
import { aircraft } from "./make";

describe("a predicted path", () => {
  const flying = aircraft({ lon: 149.1, lat: -35.3, course_deg: 90, heading_deg: 0, speed_mps: 10 });

  it("ends where what is warned of comes: on the course, from where the aircraft was last heard", () => {
    const [lon, lat] = unproject(aheadOf(flying, 1_000, 7_000)!);
    expect((lon - 149.1) * 111_195 * Math.cos((35.3 * Math.PI) / 180)).toBeCloseTo(60, 0);
    expect(lat).toBeCloseTo(-35.3, 9);
  });

  it("has no length once it is there, and is none without a warning, a course, a speed or a position", () => {
    expect(unproject(aheadOf(flying, 9_000, 7_000)!)[0]).toBeCloseTo(149.1, 9);
    expect(aheadOf(flying, 1_000, undefined)).toBeNull();
    for (const lacking of [{ course_deg: null }, { speed_mps: null }, { lon: null, lat: null }]) expect(aheadOf({ ...flying, ...lacking }, 1_000, 7_000)).toBeNull();
    expect(aheadOf(flying, null, 7_000)).toBeNull();
  });
});
