// One aircraft as the map draws it.

import type { Mark } from "../glyphs";
import { RANK } from "../order";
import type { Place } from "./mercator";

export interface Craft {
  id: string;
  /** Where it was last heard (mercator.project). */
  x: number;
  y: number;
  mark: Mark;
  /** Its position is old: hollow, with the colour of its last status. */
  stale: boolean;
  /** Of the nose, degrees true; null: not known now. */
  heading_deg: number | null;
  /** Its name; a second line after a line break. */
  label: string;
  /** Left out by a filter, or ended: faint. */
  dim: boolean;
  /** Has an alert that nobody has acknowledged: blinks, and has a marker at the edge when it is out of sight. */
  waits: boolean;
  selected: boolean;
  /** Where it will be when what it is warned of comes, flying on straight; null: nothing is predicted. */
  ahead: Place | null;
}

/** 0 for a breach, 4 for clear. */
export const rankOf = (craft: Craft): number => (craft.mark.breachEdge ? RANK.breach : RANK[craft.mark.level]);

/** What a person must see: its name is written whatever it covers. */
export const isLoud = (craft: Craft): boolean => craft.selected || craft.waits || rankOf(craft) < RANK.clear;

/** Who has a marker at the edge of the map when out of sight. */
export const isSought = (craft: Craft): boolean => craft.waits || rankOf(craft) === RANK.breach;
