// What the map shows of what it could: chosen by this person, kept in this browser. What alarms is shown whatever was chosen.

import { ZONE_KIND } from "./format";
import type { ZoneFeature } from "./protocol";

export const MARKS = {
  trails: "Trails",
  names: "Names of aircraft",
  paths: "Predicted paths",
  zoneNames: "Names of zones",
} as const;

export type Mark = keyof typeof MARKS;
export type Marks = Record<Mark, boolean>;

export const marksOf = (hidden: ReadonlySet<string>): Marks =>
  Object.fromEntries(Object.keys(MARKS).map((mark) => [mark, !hidden.has(mark)])) as Marks;

export interface ZoneLayer {
  key: string;
  kind: keyof typeof ZONE_KIND;
  /** The class in the source's own words; null: a zone of somebody here. */
  airspaceClass: string | null;
  count: number;
}

const KINDS = Object.keys(ZONE_KIND) as ZoneLayer["kind"][];

/** Zones of one kind and class are a layer. */
export const layerOf = (zone: ZoneFeature): string => `${zone.properties.kind}/${zone.properties.airspace_class ?? ""}`;

/** The layers of the zones at hand, and those that were hidden where there were others. */
export function zoneLayers(zones: readonly ZoneFeature[], hidden: Iterable<string>): ZoneLayer[] {
  const counts = new Map<string, number>();
  for (const key of hidden) if (key.includes("/")) counts.set(key, 0);
  for (const zone of zones) counts.set(layerOf(zone), (counts.get(layerOf(zone)) ?? 0) + 1);
  const layers: ZoneLayer[] = [];
  for (const [key, count] of counts) {
    const [kind, ...words] = key.split("/");
    const known = KINDS.find((one) => one === kind);
    if (known !== undefined) layers.push({ key, kind: known, airspaceClass: words.join("/") || null, count });
  }
  return layers.sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || (a.airspaceClass ?? "").localeCompare(b.airspaceClass ?? ""));
}

/** Without the hidden layers; what an alert that is on the page names stays. */
export function visibleZones(zones: readonly ZoneFeature[], hidden: ReadonlySet<string>, alarming: ReadonlySet<string>): ZoneFeature[] {
  return zones.filter((zone) => alarming.has(zone.id) || !hidden.has(layerOf(zone)));
}
