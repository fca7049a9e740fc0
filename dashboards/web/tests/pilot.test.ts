import { encode } from "uqr";
import { describe, expect, it } from "vitest";
import { arrow, bearingOf, current, limited, meeting, share, standing, unseen } from "../src/pilot/view";
import type { Around, NearBoundary } from "../src/protocol";
import { aircraft, alert, TIME } from "./make";

const NOW = Date.parse(TIME);
const around = (over: Partial<Around> = {}): Around => ({
  as_of: TIME, limit: { m: 120, datum: "AGL", by: "AU-101.085-HEIGHT" }, boundary: null, reach_m: 20_000, problem: null, ...over,
});
const boundary = (over: Partial<NearBoundary>): NearBoundary => ({
  zone_id: "z", zone_name: "Range", kind: "keep_out", inside: false, distance_m: 85, bearing_deg: 240, seconds: null, ...over,
});

describe("the arrow", () => {
  it("points from the nose with a heading under 2 s old", () => {
    expect(arrow(240, aircraft({ heading_deg: 90 }), NOW + 1_900)).toEqual({ turn: 150, nose: true });
    expect(arrow(10, aircraft({ heading_deg: 350 }), NOW)).toEqual({ turn: 20, nose: true });
    expect(arrow(10, aircraft({ heading_deg: 0 }), NOW)).toEqual({ turn: 10, nose: true });
  });

  it("is north up with an older heading, none, or a time that nobody knows", () => {
    expect(arrow(240, aircraft({ heading_deg: 90 }), NOW + 2_000)).toEqual({ turn: 240, nose: false });
    expect(arrow(240, aircraft({ heading_deg: null }), NOW)).toEqual({ turn: 240, nose: false });
    expect(arrow(240, aircraft({ heading_deg: 90, position_time: null }), NOW)).toEqual({ turn: 240, nose: false });
    expect(arrow(240, aircraft({ heading_deg: 90 }), null)).toEqual({ turn: 240, nose: false });
  });

  it("takes the bearing of a way back over ground, and none of one up or down", () => {
    expect([bearingOf("FLY 240° true, 85 m"), bearingOf("FLY 7° true, 1.2 km; DESCEND 4 m"), bearingOf("DESCEND 12 m"), bearingOf(null)]).toEqual([240, 7, null, null]);
  });
});

describe("what takes the screen", () => {
  const saw = (n: number) => ({ n, station: "Kim", at: TIME });

  it("is a breach that no pilot saw as it is now, whatever dispatch acknowledged", () => {
    const alerts = [
      alert({ id: "new" }),
      alert({ id: "acknowledged", state: "acknowledged", acknowledged: saw(1) }),
      alert({ id: "worse", n: 2, condition: "worsened", pilot_saw: saw(1) }),
      alert({ id: "seen", pilot_saw: saw(1) }),
      alert({ id: "warning", level: "warning" }),
      alert({ id: "lost", level: "lost" }),
      alert({ id: "over", condition: "cleared", state: "cleared_unacknowledged" }),
    ];
    expect(unseen(alerts).map((one) => one.id).sort()).toEqual(["acknowledged", "new", "worse"]);
    expect(standing(alerts).map((one) => one.id)).not.toContain("over");
    expect(standing(alerts)).toHaveLength(6);
  });
});

describe("the figures", () => {
  it("set a height against a limit only where both are above ground", () => {
    expect(limited(aircraft(), around())).toEqual({ height: 88, limit: 120 });
    expect(limited(aircraft({ height: { m: 700, datum: "AMSL", source: "autopilot", margin_m: null } }), around())).toBeNull();
    expect(limited(aircraft({ height: null }), around())).toBeNull();
    expect(limited(aircraft(), around({ limit: null }))).toBeNull();
    expect(limited(aircraft(), null)).toBeNull();
  });

  it("fill the bar to four fifths at the limit, and never leave it", () => {
    expect([share(120, 120), share(-5, 120), share(400, 120)]).toEqual([0.8, 0, 1]);
  });

  it("say whether what is around was computed for where it is", () => {
    expect([current(around(), NOW + 1_900), current(around(), NOW + 2_000), current(around({ as_of: null }), NOW), current(null, NOW)]).toEqual([true, false, false, false]);
  });

  it("say what it means to meet a boundary", () => {
    expect(meeting(boundary({}))).toBe("to");
    expect(meeting(boundary({ inside: true }))).toBe("out of");
    expect(meeting(boundary({ kind: "keep_in", inside: true }))).toBe("to the edge of your area");
    expect(meeting(boundary({ kind: "keep_in" }))).toBe("back to your area");
  });
});

describe("the code", () => {
  it("of a link is small enough to be read off a screen", () => {
    const link = `https://wedgetail.example.org:8443/pilot.html#token=pilot.${"A".repeat(75)}.${"B".repeat(22)}`;
    expect(encode(link, { ecc: "M", border: 0 }).size).toBeLessThanOrEqual(57);
  });
});
