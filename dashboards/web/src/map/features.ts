// The zones that the map draws, as GeoJSON, and boxes around places. Pure.

import type { Feature, FeatureCollection, MultiPolygon, Polygon } from "geojson";
import { at } from "../clock";
import { ZONE_KIND } from "../format";
import type { ZoneFeature } from "../protocol";

const EARTH_RADIUS_M = 6_371_008.8;

/** A circle of a radius around a point, as 96 corners on the sphere. */
export function circle(lon: number, lat: number, radius_m: number): Polygon {
  const ring: [number, number][] = [];
  const delta = radius_m / EARTH_RADIUS_M;
  const phi = (lat * Math.PI) / 180;
  for (let corner = 0; corner <= 96; corner += 1) {
    const bearing = (-2 * Math.PI * (corner % 96)) / 96;
    const phi2 = Math.asin(Math.sin(phi) * Math.cos(delta) + Math.cos(phi) * Math.sin(delta) * Math.cos(bearing));
    const step = Math.atan2(Math.sin(bearing) * Math.sin(delta) * Math.cos(phi), Math.cos(delta) - Math.sin(phi) * Math.sin(phi2));
    ring.push([lon + (step * 180) / Math.PI, (phi2 * 180) / Math.PI]);
  }
  return { type: "Polygon", coordinates: [ring] };
}

export function footprint(zone: ZoneFeature): Polygon | MultiPolygon | null {
  const geometry = zone.geometry;
  if (geometry.type === "Polygon" || geometry.type === "MultiPolygon") return geometry;
  const radius_m = zone.properties.radius_m;
  return radius_m === null ? null : circle(geometry.coordinates[0], geometry.coordinates[1], radius_m);
}

export function inForce(zone: ZoneFeature, nowMs: number | null): boolean {
  if (zone.properties.ended) return false;
  if (nowMs === null) return true;
  const from = at(zone.properties.valid_from);
  const to = at(zone.properties.valid_to);
  return (from === null || from <= nowMs) && (to === null || nowMs < to);
}

/** The zones as areas, and the northernmost corner of each as the place of its label. */
export function zoneFeatures(zones: readonly ZoneFeature[], nowMs: number | null): { areas: FeatureCollection; labels: FeatureCollection } {
  const areas: Feature[] = [];
  const labels: Feature[] = [];
  // Those that ask something lie on top: they are what is pointed at.
  for (const zone of [...zones].sort((a, b) => Number(a.properties.kind !== "information") - Number(b.properties.kind !== "information"))) {
    const geometry = footprint(zone);
    if (geometry === null) continue;
    const properties = { id: zone.id, kind: zone.properties.kind, force: inForce(zone, nowMs), name: labelOf(zone) };
    areas.push({ type: "Feature", geometry, properties });
    let top: readonly number[] = [0, -91];
    for (const corner of corners(geometry)) if (corner[1]! > top[1]!) top = corner;
    labels.push({ type: "Feature", geometry: { type: "Point", coordinates: [top[0]!, top[1]!] }, properties });
  }
  return { areas: { type: "FeatureCollection", features: areas }, labels: { type: "FeatureCollection", features: labels } };
}

/** R264 · KEEP OUT R */
function labelOf({ properties: { name, kind, airspace_class } }: ZoneFeature): string {
  return `${name} · ${ZONE_KIND[kind]}${airspace_class === null ? "" : ` ${airspace_class}`}`;
}

function* corners(geometry: Polygon | MultiPolygon): Generator<readonly number[]> {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  for (const polygon of polygons) for (const ring of polygon) yield* ring;
}

export type Box = [west: number, south: number, east: number, north: number];

/** The smallest box around places; null for none. */
export function boxOf(places: Iterable<readonly number[]>): Box | null {
  let box: Box | null = null;
  for (const [lon, lat] of places as Iterable<[number, number]>) {
    box = box === null ? [lon, lat, lon, lat] : [Math.min(box[0], lon), Math.min(box[1], lat), Math.max(box[2], lon), Math.max(box[3], lat)];
  }
  return box;
}

/** The box with as much again on each side, half a degree at the least: near enough to move in without asking again. */
export function widened([west, south, east, north]: Box): Box {
  const [across, up] = [Math.max(east - west, 0.5), Math.max(north - south, 0.5)];
  return [west - across, Math.max(south - up, -90), east + across, Math.min(north + up, 90)];
}

export function contains(outer: Box, [west, south, east, north]: Box): boolean {
  return outer[0] <= west && outer[1] <= south && east <= outer[2] && north <= outer[3];
}

/** As the API has it: west,south,east,north, west above east across longitude 180. */
export function boxQuery([west, south, east, north]: Box): string {
  const turned = (lon: number): number => ((((lon + 180) % 360) + 360) % 360) - 180;
  const [from, to] = east - west >= 360 ? [-180, 180] : [turned(west), turned(east)];
  return [from, south, to, north].map((degrees) => Number(degrees.toFixed(4))).join(",");
}

export function zoneBox(zone: ZoneFeature): Box | null {
  const geometry = footprint(zone);
  return geometry === null ? null : boxOf(corners(geometry));
}
