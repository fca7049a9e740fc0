import { describe, expect, test } from "vitest";
import { alertAddress, NOWHERE, readAddress, SPEEDS, writeAddress, type Address } from "../src/replay/address";
import { ReplayClock } from "../src/replay/clock";
import { curveOf, extentOf, slotTimes, within } from "../src/replay/curve";
import { stacked } from "../src/replay/lane";
import { markAt, momentOf, neighbour, silences, spanOf, stoodAt, worstOf, zonesAt } from "../src/replay/moment";
import type { Flown, Gap, ReplayAlert } from "../src/replay/record";
import { cut } from "../src/replay/pieces";
import { BROKEN, joined, NO_BATTERY, NO_HEADING, NO_PLACE, readTracks, rowAt, type Track } from "../src/replay/tracks";

const ONE = "36c5741e-ab68-504b-b405-ce256be6c48f";
const TWO = "0b3bdac8-f960-5024-b330-128893f9b1d2";
const T = Date.parse("2026-07-01T03:00:00Z");
const SOURCES = [
  { word: "none", datum: "AGL", margin_m: 0 },
  { word: "terrain report", datum: "AGL", margin_m: 0 },
];

/** Samples at so many seconds after T, climbing a metre each. */
function track(seconds: number[], change: Partial<Track> = {}): Track {
  const count = seconds.length;
  const floats = (value: number): Float32Array => new Float32Array(count).fill(value);
  return {
    id: ONE,
    stored: count,
    time: Float64Array.from(seconds, (second) => T + second * 1000),
    lon: Int32Array.from(seconds, (second) => 1_490_000_000 + second),
    lat: new Int32Array(count).fill(-353_000_000),
    height: Float32Array.from(seconds),
    amsl: floats(600),
    ground: floats(550),
    limit: floats(120),
    speed: floats(5),
    heading: new Uint16Array(count).fill(9000),
    battery: new Uint8Array(count).fill(80),
    source: new Uint8Array(count).fill(1),
    flags: Uint8Array.from(seconds, (second, index) => (index > 0 && second - seconds[index - 1]! > 5 ? BROKEN : 0)),
    ...change,
  };
}

const iso = (second: number): string => new Date(T + second * 1000).toISOString();

function alert(level: "breach" | "warning" | "lost", from: number, to: number | null, change: Partial<ReplayAlert["alert"]> = {}): ReplayAlert {
  const event = { level, what: `${level} ${from}`, beyond_m: 1 };
  return {
    alert: { id: `${level}${from}`, aircraft_id: ONE, start: iso(from - 1), rule: "AU-101.085-HEIGHT", ...change } as ReplayAlert["alert"],
    events: [
      { n: 1, condition: "raised", at: iso(from), ...event },
      ...(to === null ? [] : [{ n: 2, condition: "cleared" as const, at: iso(to), ...event }]),
    ],
    handling: [],
  };
}

describe("the address", () => {
  const full: Address = {
    aircraft: [ONE, TWO],
    range: [T, T + 60_000],
    at: T + 30_000,
    speed: 4,
    selected: TWO,
    height: "amsl",
    shown: [T + 10_000, T + 40_000],
    map: { lon: 149.1, lat: -35.3, zoom: 14.5 },
  };

  test("says everything that is shown, and a link reads the same", () => {
    expect(readAddress(writeAddress(full))).toEqual(full);
    expect(readAddress(writeAddress(NOWHERE))).toEqual(NOWHERE);
    for (const speed of SPEEDS) expect(readAddress(writeAddress({ ...full, speed })).speed).toBe(speed);
  });

  test("takes nonsense for nothing, and what lies outside of the range for its edge", () => {
    expect(readAddress("?aircraft=x&from=yesterday&to=2026&at=never&speed=3&height=up&map=1,2&shown=a/b")).toEqual(NOWHERE);
    expect(readAddress(`?from=${iso(60)}&to=${iso(0)}`).range).toBeNull();
    expect(readAddress(`?aircraft=${ONE}&from=${iso(0)}&to=${iso(60)}&at=${iso(90)}&selected=${TWO}`)).toMatchObject({ at: T + 60_000, selected: null });
  });

  test("never carries a token", () => {
    expect(writeAddress(readAddress("?token=secret#token=secret"))).toBe("");
  });

  test("of an alert stands 30 s before it began, and ends by now", () => {
    const open = alertAddress({ aircraft_id: ONE, start: iso(0), cleared_at: null }, T + 300_000);
    expect(open).toMatchObject({ aircraft: [ONE], at: T - 30_000, selected: ONE, range: [T - 300_000, T + 301_000] });
    const over = alertAddress({ aircraft_id: ONE, start: iso(0), cleared_at: iso(20) }, T + 3_600_000);
    expect(over.range).toEqual([T - 300_000, T + 140_000]);
  });
});

describe("the clock", () => {
  test("carries the cursor on at its speed, and stops at the end", () => {
    const clock = new ReplayClock([T, T + 10_000], T, 2);
    expect(clock.at(5_000)).toBe(T);
    clock.play(1_000);
    expect(clock.at(2_500)).toBe(T + 3_000);
    clock.setSpeed(0.25, 2_500);
    expect(clock.at(4_500)).toBe(T + 3_500);
    clock.pause(4_500);
    expect(clock.at(9_000)).toBe(T + 3_500);
    clock.setSpeed(16, 9_000);
    clock.play(9_000);
    expect(clock.at(20_000)).toBe(T + 10_000);
    expect(clock.playing).toBe(false);
    clock.play(30_000);
    expect(clock.at(30_000)).toBe(T);
  });

  test("goes where it is put, within its range, and plays on from there", () => {
    const clock = new ReplayClock([T, T + 10_000], T - 5_000, 1);
    expect(clock.at(0)).toBe(T);
    clock.play(0);
    clock.seek(T + 4_000, 1_000);
    expect(clock.at(2_000)).toBe(T + 5_000);
    clock.seek(T + 40_000, 2_000);
    expect(clock.at(2_000)).toBe(T + 10_000);
  });
});

describe("a moment", () => {
  test("is what was last heard by then, and hollow when that is old", () => {
    const flown = track([0, 1, 2, 20, 21]);
    expect(momentOf(flown, SOURCES, T - 1)).toMatchObject({ heardMs: null, place: null, stale: true });
    expect(momentOf(flown, SOURCES, T + 1_900)).toMatchObject({ heardMs: T + 1_000, height_m: 1, stale: false, heading_deg: 90, battery_pct: 80 });
    const silent = momentOf(flown, SOURCES, T + 12_000);
    expect(silent).toMatchObject({ heardMs: T + 2_000, stale: true, source: null, heading_deg: null });
    expect(silent.place?.ms).toBe(T + 2_000);
    expect(silent.height_m).toBeNaN();
  });

  test("says nothing of what is not known", () => {
    const flown = track([0, 1], {
      lon: Int32Array.from([1_490_000_000, NO_PLACE]),
      height: Float32Array.from([1, Number.NaN]),
      battery: new Uint8Array(2).fill(NO_BATTERY),
      heading: new Uint16Array(2).fill(NO_HEADING),
    });
    const moment = momentOf(flown, SOURCES, T + 1_000);
    expect(moment).toMatchObject({ place: { ms: T }, source: null, heading_deg: null });
    expect(moment.battery_pct).toBeNaN();
  });

  test("is not old where samples between were only left out", () => {
    const thinned = track([0, 30, 60], { stored: 600, flags: new Uint8Array(3) });
    expect(momentOf(thinned, SOURCES, T + 20_000).stale).toBe(false);
    expect(momentOf(thinned, SOURCES, T + 70_000).stale).toBe(true);
  });

  test("has the status of the alerts that stood, worst first", () => {
    const alerts = [alert("breach", 10, 20), alert("warning", 5, null), alert("lost", 15, 30)];
    expect([4, 6, 12, 16, 25, 40].map((second) => markAt(alerts, T + second * 1000))).toEqual([
      { level: "clear", breachEdge: false },
      { level: "warning", breachEdge: false },
      { level: "breach", breachEdge: false },
      { level: "lost", breachEdge: true },
      { level: "lost", breachEdge: false },
      { level: "warning", breachEdge: false },
    ]);
    expect(stoodAt(alerts[0]!, T + 20_000)).toBeNull();
    expect(spanOf(alerts[0]!)).toEqual([T + 10_000, T + 20_000]);
    expect(worstOf(alerts[0]!)).toBe("breach");
  });

  test("has an alert before it and one after it", () => {
    const alerts = [alert("breach", 10, 20), alert("warning", 50, null)];
    expect(neighbour(alerts, T + 9_000, 1)?.alert.id).toBe("warning50");
    expect(neighbour(alerts, T + 9_000, -1)).toBeNull();
    expect(neighbour(alerts, T + 49_000, -1)?.alert.id).toBe("breach10");
  });

  test("has silences that nobody told of beside the gaps that were told", () => {
    const one: Flown = { id: ONE, name: null, link: "l", link_name: "l", system_id: 1, imported: true, first: iso(0), last: iso(90) };
    const told: Gap = { aircraft_id: ONE, link: "l", from: iso(1), to: iso(20), count: 3, counted: "frames", reason: "nothing_came" };
    const flown = track([0, 1, 20, 21, 60]);
    expect(silences(flown, one, [told]).map(({ from, to, reason }) => [from, to, reason])).toEqual([[iso(21), iso(60), "silent"]]);
    expect(silences(flown, one, []).length).toBe(2);
  });

  test("has the zones that decided then", () => {
    const zone = (from: number, to: number, version: number) => ({ from: iso(from), to: iso(to), zone: { id: "z", properties: { version } } as never });
    const zones = [zone(0, 10, 1), zone(10, 20, 2)];
    const version = (second: number): number[] => zonesAt(zones, T + second * 1000).map((one) => one.zone.properties.version);
    expect([version(5), version(10), version(20)]).toEqual([[1], [2], []]);
  });
});

describe("a curve", () => {
  test("keeps each column's extremes in their order", () => {
    const flown = track([0, 1, 2, 3, 4, 5, 6, 7], { height: Float32Array.from([5, 9, 1, 4, 7, 7, 7, 2]) });
    expect(curveOf(flown, (row) => flown.height[row]!, [T, T + 8_000], 2)).toEqual([undefined, 9, 1, undefined, 7, 2]);
    expect(extentOf([[undefined, 9, 1, null]])).toEqual([1, 9]);
    expect(extentOf([[null, undefined]])).toBeNull();
  });

  test("is cut where something is missing, and nowhere else", () => {
    const flown = track([0, 1, 2, 12, 13]);
    const curve = curveOf(flown, (row) => flown.height[row]!, [T, T + 14_000], 14);
    const empty = curve.flatMap((value, slot) => (value === null ? [slot] : []));
    expect(empty).toEqual(Array.from({ length: 28 }, (_, index) => 9 + index));
    const unknown = track([0, 1, 2], { height: Float32Array.from([1, Number.NaN, 3]) });
    expect(curveOf(unknown, (row) => unknown.height[row]!, [T, T + 3_000], 3)).toEqual([undefined, 1, 1, null, null, null, null, 3, 3]);
  });

  test("begins with what is shown, not with what was before", () => {
    const flown = track([0, 60, 61]);
    expect(curveOf(flown, (row) => flown.height[row]!, [T + 30_000, T + 62_000], 32)[1]).toBeUndefined();
  });

  test("stands only within spans where it is marked", () => {
    expect(slotTimes([0, 6], 2)).toEqual([0.5, 1.5, 2.5, 3.5, 4.5, 5.5]);
    expect(within([1, 2, 3, 4, 5, 6], slotTimes([0, 6], 2), [[1, 3]])).toEqual([null, 2, 3, null, null, null]);
  });
});

describe("tracks", () => {
  test("find the row of a time", () => {
    const flown = track([0, 1, 2]);
    expect([-1, 0, 1_500, 9_000].map((ms) => rowAt(flown, T + ms))).toEqual([-1, 0, 1, 2]);
  });

  test("join at a seam, and are cut there when it was long", () => {
    const near = joined(track([0, 1]), track([2, 3]));
    expect([...near.time]).toEqual([0, 1, 2, 3].map((second) => T + second * 1000));
    expect([...near.flags]).toEqual([0, 0, 0, 0]);
    expect(near.stored).toBe(4);
    expect([...joined(track([0, 1]), track([60])).flags]).toEqual([0, 0, BROKEN]);
  });

  test("are refused when the server says something else", () => {
    const header = new TextEncoder().encode(JSON.stringify({ sources: [], tracks: [{ aircraft_id: ONE, stored: 0, rows: 0, columns: {} }] }));
    const piece = new ArrayBuffer(4 + header.length);
    new DataView(piece).setUint32(0, header.length, true);
    new Uint8Array(piece).set(header, 4);
    expect(() => readTracks(piece)).toThrow("time_ms");
  });

  test("are asked for in pieces of 24 aircraft-hours", () => {
    const hour = 3_600_000;
    expect(cut([ONE], [T, T + hour])).toEqual([[[ONE], [T, T + hour]]]);
    expect(cut([ONE], [T, T + 30 * hour]).map(([, range]) => range)).toEqual([[T, T + 24 * hour], [T + 24 * hour, T + 30 * hour]]);
    const many = Array.from({ length: 30 }, (_, index) => String(index));
    const pieces = cut(many, [T, T + 2 * hour]);
    expect(pieces.map(([ids]) => ids.length)).toEqual([24, 24, 6]);
    for (const [ids, [from, to]] of pieces) expect(ids.length * (to - from)).toBeLessThanOrEqual(24 * hour);
  });
});

test("spans in the lane stand in rows of their own while there is room", () => {
  expect(stacked([[0, 10], [5, 15], [12, 20], [6, 7], [6, 7]])).toEqual([0, 1, 0, 2, 2]);
});
