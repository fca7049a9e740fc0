// The offline base map on a plain canvas: outlines projected once, and of the names those that find room.

import type { FeatureCollection, Position } from "geojson";
import { basemapUrl, BORDERS_UNTIL_ZOOM } from "./basemap";
import type { Colour } from "./images";
import { placeLabels, type Wanted } from "./labels";
import { type Camera, project, screenX, screenY, zoomOf } from "./mercator";

/** x and y in turns, in Mercator's square. */
interface Line {
  corners: Float64Array;
  west: number;
  east: number;
  north: number;
  south: number;
}

interface Name {
  x: number;
  y: number;
  text: string;
  aerodrome: boolean;
  zoom: number;
}

const STATES_UNTIL_ZOOM = 6;

export class PlainBase {
  private land: Line[] = [];
  private borders: Line[] = [];
  private names: Name[] = [];

  /** Rejects when the file cannot be had. */
  async load(): Promise<void> {
    const response = await fetch(basemapUrl());
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    for (const { geometry, properties } of ((await response.json()) as FeatureCollection).features) {
      if (geometry.type === "Polygon") this.land.push(...geometry.coordinates.map(lineOf));
      else if (geometry.type === "MultiLineString") this.borders.push(...geometry.coordinates.map(lineOf));
      else if (geometry.type === "Point") {
        const place = project(geometry.coordinates[0]!, geometry.coordinates[1]!);
        const aerodrome = properties?.layer === "aerodrome";
        const text = String(aerodrome ? properties.code : properties?.name);
        this.names.push({ ...place, text, aerodrome, zoom: properties?.layer === "state" ? -1 : Number(properties?.zoom) });
      }
    }
    this.names.sort((a, b) => a.zoom - b.zoom);
  }

  draw(context: CanvasRenderingContext2D, camera: Camera, colour: Colour): void {
    context.lineWidth = 1;
    context.fillStyle = colour("map-ground");
    context.strokeStyle = colour("map-coast");
    context.beginPath();
    for (const line of this.land) trace(context, camera, line, true);
    context.fill("evenodd");
    context.stroke();
    if (zoomOf(camera.scale) < BORDERS_UNTIL_ZOOM) {
      context.setLineDash([5, 3]);
      context.beginPath();
      for (const line of this.borders) trace(context, camera, line, false);
      context.stroke();
      context.setLineDash([]);
    }
    this.drawNames(context, camera, colour);
  }

  private drawNames(context: CanvasRenderingContext2D, camera: Camera, colour: Colour): void {
    const zoom = zoomOf(camera.scale);
    context.font = `12px ${colour("font")}`;
    context.lineJoin = "round";
    const wanted: (Wanted & { name: Name })[] = [];
    for (const name of this.names) {
      if (name.zoom > zoom || (name.zoom < 0 && zoom >= STATES_UNTIL_ZOOM)) continue;
      const [x, y] = [screenX(camera, name.x), screenY(camera, name.y)];
      if (x < 0 || x > camera.width || y < 0 || y > camera.height) continue;
      const width = context.measureText(name.text).width + 8;
      wanted.push({ id: String(wanted.length), x, y, width, height: 20, away: name.aerodrome ? 6 : -10, mayCover: 0, name });
    }
    context.lineWidth = 3;
    for (const placed of placeLabels(wanted, [], new Map(), { width: camera.width, height: camera.height })) {
      const { name, x, y } = wanted[Number(placed.id)]!;
      if (name.aerodrome) {
        context.beginPath();
        context.arc(x, y, 3, 0, 2 * Math.PI);
        context.strokeStyle = colour("map-place");
        context.lineWidth = 1.5;
        context.stroke();
        context.lineWidth = 3;
      }
      context.strokeStyle = colour("map-ground");
      context.strokeText(name.text, placed.x + 4, placed.y + 14);
      context.fillStyle = colour("map-place");
      context.fillText(name.text, placed.x + 4, placed.y + 14);
    }
  }
}

function lineOf(positions: readonly Position[]): Line {
  const corners = new Float64Array(positions.length * 2);
  const line: Line = { corners, west: Infinity, east: -Infinity, north: Infinity, south: -Infinity };
  for (const [index, position] of positions.entries()) {
    const { x, y } = project(position[0]!, position[1]!);
    corners[index * 2] = x;
    corners[index * 2 + 1] = y;
    line.west = Math.min(line.west, x);
    line.east = Math.max(line.east, x);
    line.north = Math.min(line.north, y);
    line.south = Math.max(line.south, y);
  }
  return line;
}

/** Corners less than a pixel from the one before are left out. */
function trace(context: CanvasRenderingContext2D, camera: Camera, line: Line, closed: boolean): void {
  const { corners } = line;
  const middle = (line.west + line.east) / 2;
  const shift = screenX(camera, middle) - middle * camera.scale;
  if (line.east * camera.scale + shift < 0 || line.west * camera.scale + shift > camera.width) return;
  if (screenY(camera, line.south) < 0 || screenY(camera, line.north) > camera.height) return;
  let [lastX, lastY] = [NaN, NaN];
  for (let at = 0; at < corners.length; at += 2) {
    const x = corners[at]! * camera.scale + shift;
    const y = screenY(camera, corners[at + 1]!);
    if (at === 0) context.moveTo(x, y);
    else if (Math.abs(x - lastX) < 1 && Math.abs(y - lastY) < 1 && at < corners.length - 2) continue;
    else context.lineTo(x, y);
    [lastX, lastY] = [x, y];
  }
  if (closed) context.closePath();
}
