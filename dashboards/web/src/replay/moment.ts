// How things stood at a moment of a replay. What is drawn is what was last heard by then, never a guess. Pure.

import { at as timeOf } from "../clock";
import type { Mark } from "../glyphs";
import { RANK } from "../order";
import type { Level } from "../protocol";
import type { Flown, Gap, ReplayAlert, ZoneThen } from "./record";
import { BROKEN, NO_BATTERY, NO_HEADING, NO_PLACE, rowAt, type Source, type Track } from "./tracks";

/** Without anything for so long an aircraft is drawn hollow, and its last values are no longer those of now. */
export const OLD_MS = 5_000;

export interface Place {
  lon: number;
  lat: number;
  ms: number;
}

export interface Moment {
  /** Of the last sample; null: nothing was heard yet. */
  heardMs: number | null;
  /** Where it was last heard. */
  place: Place | null;
  stale: boolean;
  /** Nothing was heard for a while: what was last said is not what was then. */
  old: boolean;
  /** Of a sample that is not old; NaN: not known. */
  height_m: number;
  source: Source | null;
  amsl_m: number;
  ground_m: number;
  limit_m: number;
  speed_mps: number;
  battery_pct: number;
  heading_deg: number | null;
}

const NOTHING: Moment = {
  heardMs: null,
  place: null,
  stale: true,
  old: true,
  height_m: Number.NaN,
  source: null,
  amsl_m: Number.NaN,
  ground_m: Number.NaN,
  limit_m: Number.NaN,
  speed_mps: Number.NaN,
  battery_pct: Number.NaN,
  heading_deg: null,
};

/** Whether what a row says is too old at a moment: where samples were left out between it and the next, it is not. */
function isOld(track: Track, row: number, ms: number): boolean {
  if (ms - track.time[row]! <= OLD_MS) return false;
  const next = row + 1;
  return next >= track.time.length || (track.flags[next]! & BROKEN) !== 0 || track.stored === track.time.length;
}

export function momentOf(track: Track | undefined, sources: readonly Source[], ms: number): Moment {
  const row = track === undefined ? -1 : rowAt(track, ms);
  if (track === undefined || row < 0) return NOTHING;
  let placed = row;
  while (placed >= 0 && track.lon[placed] === NO_PLACE) placed -= 1;
  const place = placed < 0 ? null : { lon: track.lon[placed]! / 1e7, lat: track.lat[placed]! / 1e7, ms: track.time[placed]! };
  const stale = place === null || isOld(track, placed, ms);
  const heardMs = track.time[row]!;
  if (isOld(track, row, ms)) return { ...NOTHING, heardMs, place, stale };
  const [heading, battery] = [track.heading[placed < 0 ? row : placed]!, track.battery[row]!];
  return {
    heardMs,
    place,
    stale,
    old: false,
    height_m: track.height[row]!,
    source: Number.isNaN(track.height[row]!) ? null : (sources[track.source[row]!] ?? null),
    amsl_m: track.amsl[row]!,
    ground_m: track.ground[row]!,
    limit_m: track.limit[row]!,
    speed_mps: track.speed[row]!,
    battery_pct: battery === NO_BATTERY ? Number.NaN : battery,
    heading_deg: stale || heading === NO_HEADING ? null : heading / 100,
  };
}

/** An alert as it stood: its last event by then; null: it did not stand. */
export function stoodAt(alert: ReplayAlert, ms: number): ReplayAlert["events"][number] | null {
  let last: ReplayAlert["events"][number] | null = null;
  for (const event of alert.events) if ((timeOf(event.at) ?? Infinity) <= ms) last = event;
  return last === null || last.condition === "cleared" ? null : last;
}

/** How an aircraft is drawn by the alerts that stood. */
export function markAt(alerts: readonly ReplayAlert[], ms: number): Mark {
  const levels = alerts.map((one) => stoodAt(one, ms)?.level).filter((level): level is Level => level !== undefined);
  const level = levels.reduce<Level>((worst, one) => (RANK[one] < RANK[worst] ? one : worst), "clear");
  return level === "breach" && levels.includes("lost") ? { level: "lost", breachEdge: true } : { level, breachEdge: false };
}

/** When an alert was raised and when it was over, as it was told; null: it still stands. */
export function spanOf(alert: ReplayAlert): [raised: number, cleared: number | null] {
  const raised = timeOf(alert.events[0]?.at) ?? timeOf(alert.alert.start) ?? 0;
  const last = alert.events.at(-1);
  return [raised, last?.condition === "cleared" ? timeOf(last.at) : null];
}

/** The worst that an alert ever was. */
export const worstOf = (alert: ReplayAlert): Level =>
  alert.events.reduce<Level>((worst, one) => (one.condition !== "cleared" && RANK[one.level] < RANK[worst] ? one.level : worst), "clear");

/** The beginning of the next alert after a moment, or of the one before; null: there is none. */
export function neighbour(alerts: readonly ReplayAlert[], ms: number, way: 1 | -1): ReplayAlert | null {
  const starts = alerts.map((one) => ({ one, start: timeOf(one.alert.start) ?? 0 })).sort((a, b) => a.start - b.start);
  // Half a second: whoever stands on one means the one beside it.
  const found = way === 1 ? starts.find(({ start }) => start > ms + 500) : starts.findLast(({ start }) => start < ms - 500);
  return found?.one ?? null;
}

/** Where an aircraft's line is cut and no gap that was told says why, in the order of time. */
export function silences(track: Track, one: Flown, told: readonly Gap[]): Gap[] {
  const found: Gap[] = [];
  const own = told.filter((gap) => gap.aircraft_id === one.id).map((gap) => [timeOf(gap.from) ?? 0, timeOf(gap.to) ?? 0] as const);
  for (let row = 1; row < track.time.length; row += 1) {
    if ((track.flags[row]! & BROKEN) === 0) continue;
    const [from, to] = [track.time[row - 1]!, track.time[row]!];
    if (to - from <= OLD_MS || own.some(([begin, end]) => begin < to && end > from)) continue;
    const iso = (ms: number): string => new Date(ms).toISOString();
    found.push({ aircraft_id: one.id, link: one.link, from: iso(from), to: iso(to), count: null, counted: "frames", reason: "silent" });
  }
  return found;
}

/** Which of the zones of a range decided at a moment. */
export const zonesAt = (zones: readonly ZoneThen[], ms: number): ZoneThen[] =>
  zones.filter(({ from, to }) => (timeOf(from) ?? -Infinity) <= ms && ms < (timeOf(to) ?? Infinity));
