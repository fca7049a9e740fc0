// What a pilot is shown, out of what the page knows. Pure.

import { ageSeconds, at } from "../clock";
import { byUrgency, stands } from "../order";
import type { Aircraft, Alert, Around, NearBoundary } from "../protocol";

/** Older than this a position is not where it is, and a heading not where the nose points. */
export const OLD_S = 2;
/** Nothing from the aircraft for so long: said in words, not only greyed. */
export const NOT_HEARD_S = 5;

/** Breaches that stand and that no pilot has seen as they are now: what takes the screen, the worst first. */
export const unseen = (alerts: Iterable<Alert>): Alert[] =>
  standing(alerts).filter((alert) => alert.level === "breach" && (alert.pilot_saw?.n ?? 0) < alert.n);

/** All that stands, the worst first. */
export const standing = (alerts: Iterable<Alert>): Alert[] => [...alerts].filter((alert) => stands(alert) && !alert.imported).sort(byUrgency);

export interface Arrow {
  /** Clockwise from straight up on the screen, degrees. */
  turn: number;
  /** Relative to the nose; else up is north. */
  nose: boolean;
}

/**
 * Where something lies. Relative to the nose only with a heading under 2 s old, and never by the course in its place. The
 * heading comes in the position's message, so it is as old as the position (or younger, when a message had no position).
 */
export function arrow(bearing: number, aircraft: Pick<Aircraft, "heading_deg" | "position_time">, nowMs: number | null): Arrow {
  const age = ageSeconds(aircraft.position_time, nowMs);
  const nose = aircraft.heading_deg !== null && age !== null && age < OLD_S;
  return { turn: turned(bearing - (nose ? (aircraft.heading_deg ?? 0) : 0)), nose };
}

const turned = (degrees: number): number => ((degrees % 360) + 360) % 360;

/** The bearing of a way back such as "FLY 240° true, 85 m"; null for one that is not over ground. */
export function bearingOf(wayBack: string | null): number | null {
  const found = /(\d+(?:\.\d+)?)°/.exec(wayBack ?? "");
  return found === null ? null : Number(found[1]);
}

/** Whether what was computed for a position still stands for where the aircraft is. */
export function current(around: Around | null, nowMs: number | null): boolean {
  const age = ageSeconds(around?.as_of, nowMs);
  return age !== null && age < OLD_S;
}

/** What it means to meet a boundary. */
export function meeting(boundary: NearBoundary): string {
  if (boundary.kind === "keep_in") return boundary.inside ? "to the edge of your area" : "back to your area";
  return boundary.inside ? "out of" : "to";
}

/** How far up the bar: 0 to 1, and above 1 no further than the bar's end. */
export const share = (height: number, limit: number): number => Math.min(1, Math.max(0, height / (limit * BAR_TO)));

/** The bar goes on above the limit, so that being over it can be seen. */
export const BAR_TO = 1.25;

/** How the figures may be read: by datum, and by what limits them. Null: the two cannot be compared. */
export function limited(aircraft: Aircraft, around: Around | null): { height: number; limit: number } | null {
  const { height } = aircraft;
  if (height === null || height.datum === "AMSL" || !around?.limit) return null;
  return { height: height.m, limit: around.limit.m };
}

export const minutesLeft = (expires: string, nowMs: number | null): number | null => {
  const end = at(expires);
  return end === null || nowMs === null ? null : Math.max(0, Math.floor((end - nowMs) / 60_000));
};
