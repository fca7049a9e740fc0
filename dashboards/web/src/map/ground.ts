// What aircraft are drawn upon: MapLibre where the browser has WebGL, a plain canvas where it has not. Both look north.

import type { FeatureCollection } from "geojson";
import type { Box } from "./features";
import type { Camera } from "./mercator";

export interface Padding {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

export interface GroundHandlers {
  /** It was drawn: draw what lies on it, now. */
  drawn(): void;
  /** It came to rest somewhere else. */
  moved(): void;
  click(x: number, y: number): void;
  hover(x: number, y: number): void;
  left(): void;
  /** Something that a person should know of it, as a sentence; null: no more. */
  notice(text: string | null): void;
}

export interface Ground {
  camera(): Camera;
  /** West, south, east, north of what is in view, degrees. */
  view(): Box;
  /** Colours again from the tokens (day and night). */
  dress(): void;
  /** A MapLibre style to be used instead of the offline base map while it can be reached; null: none. */
  baseMap(address: string | null): void;
  zones(areas: FeatureCollection, labels: FeatureCollection): void;
  highlight(zoneIds: readonly string[]): void;
  /** The zones at a point of the screen, the topmost first. */
  zonesAt(x: number, y: number): string[];
  /** duration in milliseconds; 0: at once. */
  fit(box: Box, padding: Padding, maxZoom: number, duration: number): void;
  /** zoom: at least so near. */
  goTo(lon: number, lat: number, zoom: number, duration: number): void;
  zoomBy(steps: number, duration: number): void;
  pointer(over: boolean): void;
  destroy(): void;
}

export const AUSTRALIA: Box = [112, -44, 154, -10];
export const NEAREST_ZOOM = 19;

/** Whether MapLibre can draw here. */
export function hasWebGL(): boolean {
  const context = document.createElement("canvas").getContext("webgl2");
  // Browsers allow only so many at a time.
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return context !== null;
}
