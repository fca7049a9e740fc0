// The way of the last 60 s. A gap is a gap: nothing is drawn where nothing was heard.

import { at } from "../clock";
import type { Aircraft } from "../protocol";

export const TRAIL_MS = 60_000;
export const GAP_MS = 5_000;

export interface Fix {
  lon: number;
  lat: number;
  /** Receive time of the position, milliseconds since 1970. */
  ms: number;
}

/** Trails by aircraft; changed in place, since positions come ten times a second. */
export class Trails {
  private readonly fixes = new Map<string, Fix[]>();

  heard(fleet: Iterable<Aircraft>): void {
    for (const { id, lon, lat, position_time } of fleet) {
      const ms = at(position_time);
      if (lon === null || lat === null || ms === null) continue;
      const trail = this.fixes.get(id);
      if (trail === undefined) {
        this.fixes.set(id, [{ lon, lat, ms }]);
        continue;
      }
      const last = trail[trail.length - 1];
      if (last !== undefined && ms <= last.ms) continue;
      trail.push({ lon, lat, ms });
    }
  }

  /** Forgets what is older than 60 s, and aircraft that are gone. */
  trim(nowMs: number, present: ReadonlySet<string>): void {
    for (const [id, trail] of this.fixes) {
      const first = trail.findIndex((fix) => fix.ms >= nowMs - TRAIL_MS);
      if (first === -1 || !present.has(id)) this.fixes.delete(id);
      else if (first > 0) trail.splice(0, first);
    }
  }

  lines(): Map<string, [number, number][][]> {
    return new Map([...this.fixes].map(([id, trail]) => [id, pieces(trail)]));
  }
}

/** The fixes as lines, cut where more than 5 s passed between two. Single fixes are no line. */
export function pieces(trail: readonly Fix[]): [number, number][][] {
  const found: [number, number][][] = [];
  let piece: [number, number][] = [];
  let before: number | null = null;
  for (const { lon, lat, ms } of trail) {
    if (before !== null && ms - before > GAP_MS) {
      if (piece.length > 1) found.push(piece);
      piece = [];
    }
    piece.push([lon, lat]);
    before = ms;
  }
  if (piece.length > 1) found.push(piece);
  return found;
}
