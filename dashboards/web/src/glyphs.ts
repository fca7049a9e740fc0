// The shapes of the statuses, on a field of 24 by 24: one set for lists, cards and map.

import type { Aircraft, Level } from "./protocol";

export interface Shape {
  /** The whole outline. */
  outline: string;
  /** What is filled with the status colour; null: the outline only. */
  fill: string | null;
  colour: "breach" | "amber" | "clear";
  edge: "breach" | "amber-line" | "clear";
}

const HEXAGON = "M7 3.5h10l5 8.5-5 8.5H7L2 12z";
const SQUARE = "M4 4h16v16H4z";
const DIAMOND = "M12 2l10 10-10 10L2 12z";
const TRIANGLE = "M12 3l9 17H3z";

export const SHAPE: Record<Level, Shape> = {
  breach: { outline: HEXAGON, fill: HEXAGON, colour: "breach", edge: "breach" },
  lost: { outline: SQUARE, fill: "M4 4h16v8H4z", colour: "amber", edge: "amber-line" },
  warning: { outline: DIAMOND, fill: DIAMOND, colour: "amber", edge: "amber-line" },
  unknown: { outline: DIAMOND, fill: null, colour: "amber", edge: "amber-line" },
  clear: { outline: TRIANGLE, fill: TRIANGLE, colour: "clear", edge: "clear" },
};

/** How an aircraft is drawn: one that lost its link in a breach is a lost link with a breach's edge. */
export interface Mark {
  level: Level;
  breachEdge: boolean;
}

export function markOf(aircraft: Pick<Aircraft, "level" | "reasons">): Mark {
  const has = (level: Level): boolean => aircraft.level === level || aircraft.reasons.some((reason) => reason.level === level);
  if (aircraft.level === "breach" && has("lost")) return { level: "lost", breachEdge: true };
  return { level: aircraft.level, breachEdge: false };
}
