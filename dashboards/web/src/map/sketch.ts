// What lies on the map between zones and aircraft: the areas of the selected aircraft, and the zone that is being drawn.

import type { MultiPolygon, Polygon } from "geojson";
import type { Place as LonLat } from "../drawing/coordinates";
import type { Outline } from "../drawing/outline";
import { circle } from "./features";
import type { Colour } from "./images";
import { type Camera, project, screenX, screenY } from "./mercator";

export interface Sketch {
  /** The corners so far, in their order. */
  places: readonly LonLat[];
  /** What they make; null while they make nothing. */
  outline: Outline | null;
}

const CORNER_PX = 5;

export function drawAreas(context: CanvasRenderingContext2D, camera: Camera, areas: readonly (Polygon | MultiPolygon)[], colour: Colour): void {
  for (const area of areas) {
    const path = new Path2D();
    for (const polygon of area.type === "Polygon" ? [area.coordinates] : area.coordinates) for (const ring of polygon) trace(path, camera, ring, true);
    stroke(context, path, colour("map-halo"), 5);
    stroke(context, path, colour("selected"), 2.5);
  }
}

export function drawSketch(context: CanvasRenderingContext2D, camera: Camera, { places, outline }: Sketch, colour: Colour): void {
  const path = new Path2D();
  if (outline !== null && "centre" in outline) trace(path, camera, circle(...outline.centre, outline.radius_m).coordinates[0]!, true);
  else trace(path, camera, places, outline !== null);
  if (outline !== null) {
    context.fillStyle = colour("map-zone-fill");
    context.fill(path);
  }
  stroke(context, path, colour("map-halo"), 6);
  context.setLineDash([8, 4]);
  stroke(context, path, colour("text"), 2.5);
  context.setLineDash([]);
  context.font = `600 12px ${colour("font")}`;
  places.forEach((place, index) => {
    const [x, y] = onScreen(camera, place);
    const dot = new Path2D();
    dot.arc(x, y, CORNER_PX, 0, 2 * Math.PI);
    context.fillStyle = colour("text");
    context.fill(dot);
    stroke(context, dot, colour("map-halo"), 2);
    context.lineWidth = 3;
    context.strokeStyle = colour("map-halo");
    context.strokeText(`${index + 1}`, x + 8, y - 6);
    context.fillText(`${index + 1}`, x + 8, y - 6);
  });
}

function onScreen(camera: Camera, [lon, lat]: readonly number[]): [number, number] {
  const { x, y } = project(lon!, lat!);
  return [screenX(camera, x), screenY(camera, y)];
}

function trace(path: Path2D, camera: Camera, corners: readonly (readonly number[])[], closed: boolean): void {
  corners.forEach((corner, index) => {
    const [x, y] = onScreen(camera, corner);
    if (index === 0) path.moveTo(x, y);
    else path.lineTo(x, y);
  });
  if (closed) path.closePath();
}

function stroke(context: CanvasRenderingContext2D, path: Path2D, colour: string, width: number): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke(path);
}
