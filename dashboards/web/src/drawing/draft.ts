// A temporary zone while it is drawn: what was typed, what is wrong with it, and what is sent. Pure.

import type { Aircraft } from "../protocol";
import { readCoordinates, type Place } from "./coordinates";
import { localMs } from "./localtime";
import { outlineProblem, present, type Limit, type Outline, type Present } from "./outline";

export interface Draft {
  name: string;
  kind: "keep_out" | "keep_in";
  /** The aircraft that it is for; null: all. */
  whose: string | null;
  /** The corners, a line each; one alone is the centre of a circle. */
  corners: string;
  radius: string;
  floor: string;
  floorDatum: string;
  ceiling: string;
  ceilingDatum: string;
  /** Local date and time of the centre's zone. */
  ends: string;
}

export type Field = "name" | "corners" | "radius" | "floor" | "ceiling" | "ends";
export type Problems = Partial<Record<Field, string>>;

export const EMPTY_DRAFT: Draft = {
  name: "", kind: "keep_out", whose: null, corners: "", radius: "", floor: "", floorDatum: "", ceiling: "", ceilingDatum: "", ends: "",
};

export const DATUMS = [
  ["AGL", "above ground (AGL)"],
  ["AMSL", "above sea level (AMSL)"],
  ["TAKEOFF", "above take-off"],
] as const;

export interface Checked {
  places: Place[];
  /** Lines that are no corner. */
  unreadable: number;
  outline: Outline | null;
  problems: Problems;
  /** What is sent; null while anything is wrong. */
  feature: object | null;
}

const number = (text: string): number | null => {
  const value = text.trim() === "" ? Number.NaN : Number(text.trim().replace("−", "-"));
  return Number.isFinite(value) ? value : null;
};

export function check(draft: Draft, nowMs: number | null, zone: string): Checked {
  const typed = readCoordinates(draft.corners);
  const problems: Problems = {};
  const name = draft.name.trim();
  if (name === "" || name.length > 200) problems.name = "A name of 1 to 200 characters tells it from other zones.";
  const outline = outlineOf(draft, typed, problems);
  const floor = limitOf("floor", draft.floor, draft.floorDatum, problems);
  const ceiling = limitOf("ceiling", draft.ceiling, draft.ceilingDatum, problems);
  if (floor !== null && ceiling !== null && floor.datum === ceiling.datum && floor.m >= ceiling.m) problems.ceiling = "It is not above the floor.";
  else if (floor === null && ceiling !== null && ceiling.datum !== "AMSL" && ceiling.m <= 0) problems.ceiling = "It is not above the ground.";
  const ends = localMs(draft.ends, zone);
  if (ends === null) problems.ends = "When does it end? A zone without an end is forgotten, and stays.";
  else if (nowMs !== null && ends <= nowMs) problems.ends = "This is past already.";
  const fine = Object.keys(problems).length === 0 && outline !== null && ends !== null;
  return {
    places: typed.places,
    unreadable: typed.problems.length,
    outline,
    problems,
    feature: fine
      ? {
          type: "Feature",
          geometry: "centre" in outline ? { type: "Point", coordinates: outline.centre } : { type: "Polygon", coordinates: [[...outline.corners, outline.corners[0]]] },
          properties: {
            name,
            kind: draft.kind,
            ...("centre" in outline ? { radius_m: outline.radius_m } : {}),
            ...(floor === null ? {} : { floor_m: floor.m, floor_datum: floor.datum }),
            ...(ceiling === null ? {} : { ceiling_m: ceiling.m, ceiling_datum: ceiling.datum }),
            valid_from: nowMs === null ? null : new Date(nowMs).toISOString(),
            valid_to: new Date(ends).toISOString(),
            aircraft_ids: draft.whose === null ? null : [draft.whose],
          },
        }
      : null,
  };
}

function outlineOf(draft: Draft, { places, problems: lines }: ReturnType<typeof readCoordinates>, problems: Problems): Outline | null {
  if (lines.length > 0) {
    problems.corners = lines.map((one) => `Line ${one.line}: ${one.detail}.`).join(" ");
    return null;
  }
  if (places.length === 0) {
    problems.corners = "Click its corners on the map, or type them, a line each: latitude, then longitude.";
    return null;
  }
  if (places.length === 1 && draft.radius.trim() !== "") {
    const radius_m = number(draft.radius);
    if (radius_m !== null && radius_m >= 1 && radius_m <= 200_000) return { centre: places[0]!, radius_m };
    problems.radius = "A radius of 1 to 200000 metres is expected.";
    return null;
  }
  const wrong = outlineProblem(places);
  if (wrong !== null) {
    problems.corners = places.length === 1 ? "One corner: click or type two more, or give a radius for a circle around it." : `${wrong[0]!.toUpperCase()}${wrong.slice(1)}.`;
    return null;
  }
  return { corners: places };
}

function limitOf(field: "floor" | "ceiling", text: string, datum: string, problems: Problems): Limit | null {
  if (text.trim() === "") return null;
  const m = number(text);
  if (m === null || m < -500 || m > 30_000) {
    problems[field] = `Metres from −500 to 30000 are expected${field === "floor" ? "; empty is from the ground" : "; empty is without limit"}.`;
    return null;
  }
  if (datum === "") {
    problems[field] = "What is it measured from? Choose beside it.";
    return null;
  }
  return { m, datum };
}

/** Who would be inside and outside of it now, of those that it is for; null while there is no outline. */
export function within(draft: Draft, checked: Checked, fleet: Iterable<Aircraft>): Present | null {
  if (checked.outline === null) return null;
  const limit = (text: string, datum: string): Limit | null => {
    const m = number(text);
    return m === null || datum === "" ? null : { m, datum };
  };
  const meant = [...fleet].filter((one) => draft.whose === null || one.id === draft.whose);
  return present(meant, checked.outline, limit(draft.floor, draft.floorDatum), limit(draft.ceiling, draft.ceilingDatum));
}

const FIELDS: [string, Field][] = [
  ["geometry", "corners"], ["properties.radius_m", "radius"], ["properties.name", "name"], ["properties.floor", "floor"],
  ["properties.ceiling", "ceiling"], ["properties.valid", "ends"],
];

/** The server's problems beside the fields that they are of; rest: those of none. */
export function placed(errors: readonly { field: string; detail: string }[]): { problems: Problems; rest: string[] } {
  const problems: Problems = {};
  const rest: string[] = [];
  for (const { field, detail } of errors) {
    const own = FIELDS.find(([start]) => field.startsWith(start));
    if (own === undefined) rest.push(`${field}: ${detail}`);
    else problems[own[1]] = problems[own[1]] === undefined ? `${detail}.` : `${problems[own[1]]} ${detail}.`;
  }
  return { problems, rest };
}
