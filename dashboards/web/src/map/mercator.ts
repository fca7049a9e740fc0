// Web Mercator as numbers: the world is a square of side 1, x to the east from longitude 180 west, y to the south. Pure.

export interface Place {
  x: number;
  y: number;
}

/** What is seen: the place in the middle, pixels for the side of the world, and the size in CSS pixels. North is up, always. */
export interface Camera {
  x: number;
  y: number;
  scale: number;
  width: number;
  height: number;
}

/** Beyond it the square ends. */
export const LAST_LATITUDE = 85.051129;
const TILE_PX = 512;
const EARTH_RADIUS_M = 6_371_008.8;

export function project(lon: number, lat: number): Place {
  const sine = Math.sin((Math.min(LAST_LATITUDE, Math.max(-LAST_LATITUDE, lat)) * Math.PI) / 180);
  return { x: lon / 360 + 0.5, y: 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI) };
}

export function unproject({ x, y }: Place): [lon: number, lat: number] {
  return [(x - 0.5) * 360, (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI];
}

/** The zoom that tiles count in: each is twice as near. */
export const scaleOf = (zoom: number): number => TILE_PX * 2 ** zoom;
export const zoomOf = (scale: number): number => Math.log2(scale / TILE_PX);

/** Where on the screen: of the world's copies side by side the one nearest to the middle. */
export function screenX(camera: Camera, x: number): number {
  const across = x - camera.x;
  return (across - Math.round(across)) * camera.scale + camera.width / 2;
}

export function screenY(camera: Camera, y: number): number {
  return (y - camera.y) * camera.scale + camera.height / 2;
}

/** The place below a point of the screen. */
export function placeAt(camera: Camera, x: number, y: number): Place {
  return { x: camera.x + (x - camera.width / 2) / camera.scale, y: camera.y + (y - camera.height / 2) / camera.scale };
}

/** Flying straight on a course (degrees true) for some metres: a few kilometres at the most, where a sphere is flat. */
export function onward(lon: number, lat: number, course_deg: number, distance_m: number): [lon: number, lat: number] {
  const course = (course_deg * Math.PI) / 180;
  const north = (distance_m * Math.cos(course)) / EARTH_RADIUS_M;
  const east = (distance_m * Math.sin(course)) / (EARTH_RADIUS_M * Math.cos((lat * Math.PI) / 180));
  return [lon + (east * 180) / Math.PI, lat + (north * 180) / Math.PI];
}
