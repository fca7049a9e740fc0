// A drawn outline: what is wrong with it, and who is in it. Edges are straight in longitude and latitude (RFC 7946).

import type { Aircraft } from "../protocol";
import type { Place } from "./coordinates";

/** A polygon by its corners, not closed; or a circle. */
export type Outline = { corners: Place[] } | { centre: Place; radius_m: number };

/** Of a sphere: a circle drawn and counted here differs from the rules' by half a percent of its radius at most. */
const METRES_PER_DEGREE = 111_195;

/** What keeps corners from being an outline, in words; null: nothing. */
export function outlineProblem(corners: readonly Place[]): string | null {
  if (corners.length < 3) return `${corners.length} corners: an area needs three or more`;
  const edges = corners.map((corner, index) => [corner, corners[(index + 1) % corners.length]!] as const);
  for (let one = 0; one < edges.length; one += 1) {
    const [from, to] = edges[one]!;
    if (from[0] === to[0] && from[1] === to[1]) return `corners ${one + 1} and ${((one + 1) % edges.length) + 1} are the same place`;
    if (Math.abs(from[0] - to[0]) > 180) return "an edge across longitude 180: draw two zones, one on each side";
    for (let other = one + 1; other < edges.length; other += 1) {
      const neighbours = other === one + 1 || (one === 0 && other === edges.length - 1);
      if (!neighbours && cross(edges[one]!, edges[other]!)) {
        return `the line after corner ${one + 1} crosses the one after corner ${other + 1}: change their order`;
      }
    }
  }
  return Math.abs(area(corners)) > 0 ? null : "all corners lie on one line";
}

type Edge = readonly [Place, Place];

const side = ([a, b]: Edge, [lon, lat]: Place): number => Math.sign((b[0] - a[0]) * (lat - a[1]) - (b[1] - a[1]) * (lon - a[0]));

function cross(one: Edge, other: Edge): boolean {
  const sides = [side(one, other[0]), side(one, other[1]), side(other, one[0]), side(other, one[1])];
  if (sides.every((each) => each === 0)) {
    const along = one[0][0] === one[1][0] ? 1 : 0;
    const [low, high] = [one[0][along], one[1][along]].sort((a, b) => a - b);
    return other.some((end) => low! <= end[along] && end[along] <= high!);
  }
  return sides[0]! * sides[1]! <= 0 && sides[2]! * sides[3]! <= 0;
}

function area(corners: readonly Place[]): number {
  return corners.reduce((sum, [lon, lat], index) => {
    const [nextLon, nextLat] = corners[(index + 1) % corners.length]!;
    return sum + lon * nextLat - nextLon * lat;
  }, 0);
}

export function holds(outline: Outline, [lon, lat]: Place): boolean {
  if ("centre" in outline) {
    const [east, north] = [(lon - outline.centre[0]) * Math.cos((lat * Math.PI) / 180), lat - outline.centre[1]];
    return Math.hypot(east, north) * METRES_PER_DEGREE <= outline.radius_m;
  }
  let inside = false;
  outline.corners.forEach((from, index) => {
    const to = outline.corners[(index + 1) % outline.corners.length]!;
    if (from[1] > lat !== to[1] > lat && lon < ((to[0] - from[0]) * (lat - from[1])) / (to[1] - from[1]) + from[0]) inside = !inside;
  });
  return inside;
}

export interface Limit {
  m: number;
  datum: string;
}

export interface Present {
  inside: Aircraft[];
  outside: Aircraft[];
  /** Where they are nobody knows. */
  placeless: number;
}

/**
 * Who is in a volume where it was last heard, of those that fly or may. A height that cannot be compared with a limit, its datum
 * being another, keeps nobody out: the rules do not either.
 */
export function present(fleet: Iterable<Aircraft>, outline: Outline, floor: Limit | null, ceiling: Limit | null): Present {
  const found: Present = { inside: [], outside: [], placeless: 0 };
  for (const aircraft of fleet) {
    if (aircraft.ended || aircraft.airborne === false) continue;
    if (aircraft.lon === null || aircraft.lat === null) {
      found.placeless += 1;
      continue;
    }
    const below = floor !== null && (heightBy(aircraft, floor.datum) ?? Number.POSITIVE_INFINITY) < floor.m;
    const above = ceiling !== null && (heightBy(aircraft, ceiling.datum) ?? Number.NEGATIVE_INFINITY) > ceiling.m;
    const inside = !below && !above && holds(outline, [aircraft.lon, aircraft.lat]);
    (inside ? found.inside : found.outside).push(aircraft);
  }
  return found;
}

function heightBy(aircraft: Aircraft, datum: string): number | null {
  if (datum === "AGL") return aircraft.agl_m;
  return datum === "AMSL" ? aircraft.amsl_m : aircraft.takeoff_height_m;
}
