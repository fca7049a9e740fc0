// Lines of longitude and latitude at a round distance, with their degrees: the whole of our base map.

import type { Feature, FeatureCollection } from "geojson";
import type { Box } from "./features";

const STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];

/** The first round step that cuts a span into six lines at most. */
export function stepOf(span_deg: number): number {
  return STEPS.find((step) => span_deg / step <= 6) ?? 30;
}

function digits(step: number): number {
  return step >= 1 ? 0 : step >= 0.1 ? 1 : step >= 0.01 ? 2 : 3;
}

const label = (value: number, step: number, positive: string, negative: string): string =>
  `${Math.abs(value).toFixed(digits(step))}° ${value < 0 ? negative : positive}`;

export function graticule([west, south, east, north]: Box): FeatureCollection {
  const step = stepOf(Math.max(east - west, north - south));
  const features: Feature[] = [];
  for (let index = Math.ceil(west / step); index * step <= east; index += 1) {
    const lon = index * step;
    features.push(line([[lon, south], [lon, north]]), point([lon, south], label(lon, step, "E", "W"), "bottom"));
  }
  for (let index = Math.ceil(south / step); index * step <= north; index += 1) {
    const lat = index * step;
    features.push(line([[west, lat], [east, lat]]), point([west, lat], label(lat, step, "N", "S"), "left"));
  }
  return { type: "FeatureCollection", features };
}

const line = (coordinates: [number, number][]): Feature => ({
  type: "Feature",
  geometry: { type: "LineString", coordinates },
  properties: {},
});

const point = (coordinates: [number, number], text: string, anchor: "left" | "bottom"): Feature => ({
  type: "Feature",
  geometry: { type: "Point", coordinates },
  properties: { text, anchor },
});
