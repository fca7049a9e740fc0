// What is asked for at once: no more than the door gives (docs/replay.md). Pure.

import type { Range } from "./address";

const HOUR_MS = 3_600_000;
const AIRCRAFT_HOURS = 24;

export const groups = (aircraft: readonly string[]): string[][] => {
  const found: string[][] = [];
  for (let start = 0; start < aircraft.length; start += AIRCRAFT_HOURS) found.push(aircraft.slice(start, start + AIRCRAFT_HOURS));
  return found;
};

/** A range of aircraft as requests that each ask for no more than one may, in the order of time. */
export function cut(aircraft: readonly string[], [from, to]: Range): [string[], Range][] {
  return groups(aircraft).flatMap((ids) => {
    const step = Math.floor((AIRCRAFT_HOURS / ids.length) * HOUR_MS);
    const count = Math.max(1, Math.ceil((to - from) / step));
    return Array.from({ length: count }, (_, index): [string[], Range] => [ids, [from + index * step, Math.min(to, from + (index + 1) * step)]]);
  });
}
