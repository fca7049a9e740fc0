import { describe, expect, it } from "vitest";
import { outcome } from "../src/acknowledge";
import { ageSeconds, ServerClock } from "../src/clock";
import { age, aircraftName, clockTime, duration, heightSource, heightValue, momentTime, number, positionProblem, unregisteredLink, zoneActivation, zoneLimits } from "../src/format";
import { readPreferences, stationName, DEFAULTS } from "../src/preferences";
import { due } from "../src/sound";
import { tokenOf } from "../src/token";
import type { ZoneProperties } from "../src/protocol";
import { aircraft, alert } from "./make";

const MIDNIGHT = Date.parse("2026-11-23T13:00:05Z"); // 00:00:05 in Sydney, summer time

describe("ages", () => {
  it("are coarser the older they are, and unknown ones are a dash", () => {
    expect([0.44, 9.9, 61, 3599, 7500, 200_000].map((s) => age(s))).toEqual(["0 s", "9 s", "1:01", "59:59", "2 h 05", "2 d"]);
    expect(age(0.44, true)).toBe("0.4 s");
    expect(age(9.97, true)).toBe("9 s");
    expect(age(null)).toBe("–");
    expect([4, 75, 3725].map((s) => duration(s))).toEqual(["0:04", "1:15", "1:02:05"]);
  });

  it("follow the server's clock and the page's monotonic one, whatever the tablet's own says", () => {
    const clock = new ServerClock();
    expect(clock.now(0)).toBeNull();
    clock.heard(Date.parse("2026-11-23T03:00:00Z"), 1_000);
    expect(ageSeconds("2026-11-23T02:59:58Z", clock.now(3_000))).toBe(4);
    expect(ageSeconds("2026-11-23T09:00:00Z", clock.now(3_000))).toBe(0);
  });
});

describe("times", () => {
  it("carry their zone, and their date when it is another day", () => {
    expect(clockTime(MIDNIGHT, "Australia/Sydney")).toBe("00:00:05 AEDT");
    expect(clockTime(Date.parse("2026-07-01T13:00:05Z"), "Australia/Sydney")).toBe("23:00:05 AEST");
    expect(clockTime(MIDNIGHT, "UTC")).toBe("13:00:05 UTC");
    expect(clockTime(MIDNIGHT, "Not/AZone")).toBe("13:00:05 UTC");
    expect(momentTime(MIDNIGHT, MIDNIGHT + 5_000, "Australia/Sydney")).toBe("00:00:05 AEDT (13:00:05 UTC)");
    expect(momentTime(MIDNIGHT, MIDNIGHT, "UTC")).toBe("13:00:05 UTC");
    expect(momentTime(MIDNIGHT, MIDNIGHT + 86_400_000, "Australia/Sydney")).toBe("2026-11-24 00:00:05 AEDT (2026-11-23 13:00:05 UTC)");
  });
});

describe("heights and numbers", () => {
  it("keep datum, source and margin", () => {
    expect(heightValue(aircraft().height)).toBe("88 m AGL");
    expect(heightSource({ m: 1, datum: "above take-off", source: "autopilot", margin_m: 40 })).toBe("autopilot ±40 m");
    expect(heightSource({ m: 1, datum: "AGL", source: "terrain report", margin_m: 0 })).toBe("terrain report");
    expect(heightValue(null)).toBe("no height");
  });

  it("never show minus nought, and a real minus below it", () => {
    expect(number(-0.2, "m")).toBe("0 m");
    expect(number(-589, "m")).toBe("−589 m");
    expect(number(null, "m")).toBe("–");
  });

  it("name an unregistered aircraft by its system, with its link", () => {
    expect([aircraftName(aircraft({ name: null })), unregisteredLink(aircraft({ name: null }))]).toEqual(["System 1", "field"]);
    expect([aircraftName(aircraft()), unregisteredLink(aircraft())]).toEqual(["Kite 1", null]);
  });

  it("say why there is no position", () => {
    expect(positionProblem(aircraft({ no_position: "zero" }))).toBe("no GPS fix (0, 0)");
    expect(positionProblem(aircraft())).toBeNull();
    expect(positionProblem(aircraft({ lon: null, lat: null }))).toBe("no position sent");
  });

  it("read a zone's limits out with their datum", () => {
    const zone = { floor_m: null, floor_datum: "SFC", ceiling_m: 120, ceiling_datum: "AGL" } as ZoneProperties;
    expect(zoneLimits(zone)).toBe("ground to 120 m AGL");
    expect(zoneLimits({ ...zone, floor_m: 30, floor_datum: "TAKEOFF", ceiling_m: null })).toBe("30 m above take-off to no ceiling");
    expect(zoneLimits({ ...zone, floor_m: 2590.8, floor_datum: "FL", ceiling_m: 3810, ceiling_datum: "FL" })).toBe("FL085 to FL125");
    expect(zoneLimits({ ...zone, ceiling_m: 700, ceiling_datum: "WGS84" })).toBe("ground to 700 m above the ellipsoid");
  });

  it("say when a zone is active, and what people switched last", () => {
    const zone = { activation: "unknown", switched: [] } as unknown as ZoneProperties;
    expect(zoneActivation(zone, MIDNIGHT)).toBe("activation not known");
    expect(zoneActivation({ ...zone, activation: "always" }, MIDNIGHT)).toBeNull();
    const [from, to] = ["2026-11-23T13:00:00Z", "2026-11-23T14:00:00Z"];
    const switched = [{ from, to, active: true }, { from, to, active: false }];
    expect(zoneActivation({ ...zone, switched }, MIDNIGHT)).toBe("switched inactive");
    expect(zoneActivation({ ...zone, switched }, MIDNIGHT + 3_600_000)).toBe("activation not known");
  });
});

describe("an acknowledgement's answer", () => {
  it("names who was first", () => {
    const body = { title: "Already acknowledged", detail: "Tower was first", first: { n: 1, station: "Tower", at: "2026-11-23T13:00:05Z" } };
    expect(outcome({ status: 409, body }, "Australia/Sydney")).toEqual({
      problem: "Already acknowledged by Tower, 00:00:05 AEDT (13:00:05 UTC).", again: false,
    });
    expect(outcome({ status: 409, body: { detail: "The request id was used before." } }, "UTC")?.problem).toBe("The request id was used before.");
  });

  it("may be sent again as the same request while its outcome is not known", () => {
    expect(outcome({ status: 503, body: {} }, "UTC")?.again).toBe(true);
    expect(outcome({ status: 422, body: { detail: "station too long" } }, "UTC")).toEqual({
      problem: "Not acknowledged: station too long.", again: false,
    });
    expect(outcome({ status: 200, body: {} }, "UTC")).toBeNull();
  });
});

describe("small rules", () => {
  it("sound once an aircraft in 10 s", () => {
    const last = new Map<string, number>();
    expect(due([alert(), alert({ id: "x2" }), alert({ id: "y", aircraft_id: "b" })], last, 0).length).toBe(2);
    expect(due([alert({ id: "x3" })], last, 9_999).length).toBe(0);
    expect(due([alert({ id: "x4" })], last, 10_000).length).toBe(1);
  });

  it("take the token from the fragment", () => {
    expect(tokenOf("#token=abc_-1")).toBe("abc_-1");
    expect(tokenOf("#token=")).toBeNull();
    expect(tokenOf("")).toBeNull();
  });

  it("read preferences whatever stands there", () => {
    expect(readPreferences("{")).toEqual(DEFAULTS);
    expect(readPreferences('{"station":3,"theme":"night","keys":false}')).toEqual({ station: "", theme: "night", keys: false, hidden: [] });
    expect(readPreferences('{"hidden":["trails",7]}').hidden).toEqual(["trails"]);
    expect(stationName("  Base   1 ")).toBe("Base 1");
    expect(stationName("   ")).toBeNull();
  });
});
