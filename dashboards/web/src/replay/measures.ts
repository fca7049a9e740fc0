// What the three charts show, and of which rules each marks the alerts. Pure.

import { NOT_KNOWN, number } from "../format";
import type { HeightDatum } from "./address";
import type { Moment } from "./moment";
import { NO_BATTERY, type Track } from "./tracks";

export interface Measure {
  id: "height" | "speed" | "battery";
  title: string;
  unit: string;
  value(track: Track): (row: number) => number;
  /** Beside the curve: what it is at the cursor, and what is to be known of that. */
  told(moment: Moment): [value: string, remark: string];
  marks(rule: string): boolean;
  /** Lines of the selected aircraft: where its limit is, and where the ground. */
  limit?(track: Track): (row: number) => number;
  ground?(track: Track): (row: number) => number;
  /** Always to be seen. */
  least: readonly [low: number, high: number];
}

const isOfBattery = (rule: string): boolean => rule === "BATTERY";

function told(moment: Moment): [string, string] {
  const { source, height_m } = moment;
  if (source === null || Number.isNaN(height_m)) return ["no height", ""];
  const margin = source.margin_m > 0 ? ` ±${number(source.margin_m, "m")}` : "";
  const word = source.word === source.datum ? "" : source.word;
  return [`${number(height_m, "m", 1)} ${source.datum}`, `${word}${margin}`.trim()];
}

const SPEED: Measure = {
  id: "speed",
  title: "Speed over ground, m/s",
  unit: "m/s",
  value: (track) => (row) => track.speed[row]!,
  told: (moment) => [number(moment.speed_mps, "m/s", 1), ""],
  marks: () => false,
  least: [0, 5],
};

const BATTERY: Measure = {
  id: "battery",
  title: "Battery, %",
  unit: "%",
  value: (track) => (row) => (track.battery[row] === NO_BATTERY ? Number.NaN : track.battery[row]!),
  told: (moment) => [number(moment.battery_pct, "%"), ""],
  marks: isOfBattery,
  least: [0, 100],
};

const ABOVE_GROUND: Measure = {
  id: "height",
  title: "Height above ground (or take-off), m",
  unit: "m",
  value: (track) => (row) => track.height[row]!,
  told,
  marks: (rule) => !isOfBattery(rule),
  limit: (track) => (row) => track.limit[row]!,
  least: [0, 20],
};

const ABOVE_SEA: Measure = {
  ...ABOVE_GROUND,
  title: "Height above mean sea level, m",
  value: (track) => (row) => track.amsl[row]!,
  told: (moment) => [
    Number.isNaN(moment.amsl_m) ? "no height" : `${number(moment.amsl_m, "m", 1)} AMSL`,
    Number.isNaN(moment.ground_m) ? "ground not known" : `ground ${number(moment.ground_m, "m", 1)} AMSL, terrain model`,
  ],
  limit: (track) => (row) => track.ground[row]! + track.limit[row]!,
  ground: (track) => (row) => track.ground[row]!,
  least: [Infinity, -Infinity],
};

export const measuresOf = (datum: HeightDatum): readonly Measure[] => [datum === "agl" ? ABOVE_GROUND : ABOVE_SEA, SPEED, BATTERY];

/** The limit at the cursor, in words. */
export const limitWords = (moment: Moment): string =>
  Number.isNaN(moment.limit_m) ? `limit ${NOT_KNOWN}` : `limit ${number(moment.limit_m, "m")} AGL`;
