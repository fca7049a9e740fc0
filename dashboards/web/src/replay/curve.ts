// A track as a chart can show it: of each column of pixels what is lowest and what is highest, gaps as gaps. Pure.

import type { Range } from "./address";
import { BROKEN, rowAt, type Track } from "./tracks";

/** What uPlot draws: a number; null: no line there; undefined: passed over, a line leads through. */
export type Curve = (number | null | undefined)[];

/** Of each column: where the line is cut, then its two extremes in their order. */
const SLOTS = 3;

/** The times of the slots. */
export function slotTimes([from, to]: Range, columns: number): number[] {
  const slot = (to - from) / columns / SLOTS;
  return Array.from({ length: columns * SLOTS }, (_, index) => from + (index + 0.5) * slot);
}

/** value: of a row, NaN where it is not known. */
export function curveOf(track: Track, value: (row: number) => number, [from, to]: Range, columns: number): Curve {
  const curve: Curve = new Array<number | null | undefined>(columns * SLOTS).fill(undefined);
  const step = (to - from) / columns;
  const end = rowAt(track, to);
  let cut = false;
  let column = -1;
  let [low, high, lowFirst] = [0, 0, true];
  const put = (): void => {
    if (column < 0) return;
    curve[column * SLOTS + 1] = lowFirst ? low : high;
    curve[column * SLOTS + 2] = lowFirst ? high : low;
  };
  const before = rowAt(track, from);
  const start = before >= 0 && track.time[before] === from ? before : before + 1;
  for (let row = start; row <= end; row += 1) {
    const number = value(row);
    if ((track.flags[row]! & BROKEN) !== 0) cut = true;
    if (Number.isNaN(number)) {
      cut = true;
      continue;
    }
    const here = Math.min(columns - 1, Math.floor((track.time[row]! - from) / step));
    if (here !== column) {
      put();
      // uPlot leaves out what lies between the neighbours of nulls, not what one null stands in.
      if (cut) curve.fill(null, column < 0 ? here * SLOTS : (column + 1) * SLOTS, here * SLOTS + 1);
      column = here;
      [low, high, lowFirst] = [number, number, true];
    } else if (number < low) {
      [low, lowFirst] = [number, false];
    } else if (number > high) {
      [high, lowFirst] = [number, true];
    }
    cut = false;
  }
  put();
  return curve;
}

/** A curve where something else was so, and nothing elsewhere. */
export function within(curve: Curve, times: readonly number[], spans: readonly Range[]): Curve {
  return curve.map((value, slot) => (spans.some(([from, to]) => from <= times[slot]! && times[slot]! <= to) ? value : null));
}

/** Of several curves the lowest and the highest value; null: there is none. */
export function extentOf(curves: readonly Curve[]): [low: number, high: number] | null {
  let [low, high] = [Infinity, -Infinity];
  for (const curve of curves) {
    for (const value of curve) {
      if (value === null || value === undefined) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : null;
}
