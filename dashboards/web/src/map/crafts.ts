// The fleet as the map draws it. What is said of an aircraft is read once, when it comes, and not with each frame.

import { at } from "../clock";
import { aircraftName, unregisteredLink } from "../format";
import { markOf } from "../glyphs";
import type { Aircraft } from "../protocol";
import type { Craft } from "./craft";
import { onward, type Place, project } from "./mercator";
import { Trails } from "./trail";

export const STALE_MS = 5_000;

export interface Picture {
  fleet: ReadonlyMap<string, Aircraft>;
  nowMs: number | null;
  selected: string | null;
  unacknowledged: ReadonlySet<string>;
  shown: (aircraft: Aircraft) => boolean;
  /** Who is warned of what comes, and when it does if nothing changes: milliseconds since 1970. */
  coming: ReadonlyMap<string, number>;
}

interface Held {
  aircraft: Aircraft;
  several: boolean;
  craft: Craft;
  ms: number | null;
}

/** Keeps the trails too: positions are heard here. */
export class Crafts {
  readonly trails = new Trails();
  private readonly held = new Map<string, Held>();

  /** Those that have a position, as they stand now. */
  of({ fleet, nowMs, selected, unacknowledged, shown, coming }: Picture): Craft[] {
    const several = hasSeveralLinks(fleet.values());
    const crafts: Craft[] = [];
    for (const aircraft of fleet.values()) {
      const held = this.read(aircraft, several);
      if (held === null) continue;
      const { craft, ms } = held;
      craft.stale = ms === null || nowMs === null || nowMs - ms > STALE_MS;
      craft.selected = aircraft.id === selected;
      craft.waits = unacknowledged.has(aircraft.id);
      craft.dim = aircraft.ended || !shown(aircraft);
      craft.ahead = aheadOf(aircraft, ms, coming.get(aircraft.id));
      crafts.push(craft);
    }
    for (const id of this.held.keys()) {
      if (fleet.has(id)) continue;
      this.held.delete(id);
      this.trails.forget(id);
    }
    if (nowMs !== null) this.trails.trim(nowMs);
    return crafts;
  }

  private read(aircraft: Aircraft, several: boolean): Held | null {
    const before = this.held.get(aircraft.id);
    if (before !== undefined && before.aircraft === aircraft && before.several === several) return before;
    if (aircraft.lon === null || aircraft.lat === null) return null;
    const ms = at(aircraft.position_time);
    if (ms !== null) this.trails.heard(aircraft.id, aircraft.lon, aircraft.lat, ms);
    const link = several ? unregisteredLink(aircraft) : null;
    const craft: Craft = {
      id: aircraft.id,
      ...project(aircraft.lon, aircraft.lat),
      mark: markOf(aircraft),
      stale: false,
      heading_deg: aircraft.heading_deg,
      label: link === null ? aircraftName(aircraft) : `${aircraftName(aircraft)}\n${link}`,
      dim: false,
      waits: false,
      selected: false,
      ahead: null,
    };
    const held = { aircraft, several, craft, ms };
    this.held.set(aircraft.id, held);
    return held;
  }
}

/** Where several links are heard, the system alone does not tell who an unregistered aircraft is. */
function hasSeveralLinks(fleet: Iterable<Aircraft>): boolean {
  let first: string | null = null;
  for (const { link } of fleet) {
    if (first !== null && first !== link) return true;
    first = link;
  }
  return false;
}

/** Whither it flies on straight while a warning stands; null without one, or without a course (the nose is none). */
export function aheadOf({ lon, lat, course_deg, speed_mps }: Aircraft, positionMs: number | null, comesMs: number | undefined): Place | null {
  if (comesMs === undefined || positionMs === null || lon === null || lat === null || course_deg === null || speed_mps === null) return null;
  return project(...onward(lon, lat, course_deg, (speed_mps * Math.max(0, comesMs - positionMs)) / 1000));
}
