// The way of the last 60 s. A gap is a gap: nothing is drawn where nothing was heard.

import { type Camera, project, screenX, screenY } from "./mercator";

export const TRAIL_MS = 60_000;
export const GAP_MS = 5_000;
/** Of what is heard more often the last of each second is kept. */
const KEEP_MS = 1_000;
/** Shorter segments are no more to see than the point that they are. */
export const SHORTEST_PX = 4;
/** A shorter way lies below its aircraft's own mark. */
const UNDER_MARK_PX = 12;

/** One aircraft's way, oldest first. Changed in place, since positions come ten times a second. */
export class Trail {
  readonly xs: number[] = [];
  readonly ys: number[] = [];
  /** Receive times, milliseconds since 1970. */
  readonly times: number[] = [];
  /** Whether nothing was heard between the point before and this one. */
  readonly broken: boolean[] = [];
  private west = Infinity;
  private east = -Infinity;
  private north = Infinity;
  private south = -Infinity;

  heard(lon: number, lat: number, ms: number): void {
    const last = this.times.length - 1;
    const before = this.times[last];
    if (before !== undefined && ms <= before) return;
    const place = project(lon, lat);
    const y = place.y;
    // Across longitude 180 it goes on beyond the edge of the world.
    const x = last < 0 ? place.x : place.x - Math.round(place.x - this.xs[last]!);
    this.west = Math.min(this.west, x);
    this.east = Math.max(this.east, x);
    this.north = Math.min(this.north, y);
    this.south = Math.max(this.south, y);
    const kept = this.times[last - 1];
    if (kept !== undefined && before !== undefined && before - kept < KEEP_MS && !this.broken[last] && ms - before <= GAP_MS) {
      this.xs[last] = x;
      this.ys[last] = y;
      this.times[last] = ms;
      return;
    }
    this.xs.push(x);
    this.ys.push(y);
    this.times.push(ms);
    this.broken.push(before !== undefined && ms - before > GAP_MS);
  }

  /** Forgets what is older; false when nothing is left. */
  trim(oldestMs: number): boolean {
    let first = 0;
    while (first < this.times.length && this.times[first]! < oldestMs) first += 1;
    if (first > 0) {
      for (const list of [this.xs, this.ys, this.times, this.broken]) list.splice(0, first);
      this.west = Math.min(...this.xs);
      this.east = Math.max(...this.xs);
      this.north = Math.min(...this.ys);
      this.south = Math.max(...this.ys);
    }
    return this.times.length > 0;
  }

  /** Whether any of it may be seen: in the view, and beyond the mark. */
  visible(camera: Camera): boolean {
    if (this.times.length < 2) return false;
    const { scale } = camera;
    if ((this.east - this.west) * scale < UNDER_MARK_PX && (this.south - this.north) * scale < UNDER_MARK_PX) return false;
    const middle = screenX(camera, (this.west + this.east) / 2);
    const half = ((this.east - this.west) * scale) / 2;
    return (
      middle + half >= 0 && middle - half <= camera.width && screenY(camera, this.south) >= 0 && screenY(camera, this.north) <= camera.height
    );
  }

  /** Adds it to a path: pieces cut at gaps, segments under 4 px left out except the last of a piece. */
  trace(camera: Camera, path: Pick<Path2D, "moveTo" | "lineTo">): void {
    const { xs, ys, broken } = this;
    // Of the world's copies all in the one that the newest point is in.
    const last = xs.length - 1;
    const shift = screenX(camera, xs[last]!) - xs[last]! * camera.scale;
    let [fromX, fromY] = [0, 0];
    for (let index = 0; index <= last; index += 1) {
      const x = xs[index]! * camera.scale + shift;
      const y = screenY(camera, ys[index]!);
      if (index === 0 || broken[index]) {
        path.moveTo(x, y);
        [fromX, fromY] = [x, y];
        continue;
      }
      const ends = index === last || broken[index + 1] === true;
      if (!ends && Math.abs(x - fromX) < SHORTEST_PX && Math.abs(y - fromY) < SHORTEST_PX) continue;
      path.lineTo(x, y);
      [fromX, fromY] = [x, y];
    }
  }
}

/** Trails by aircraft. */
export class Trails {
  private readonly byId = new Map<string, Trail>();

  heard(id: string, lon: number, lat: number, ms: number): void {
    let trail = this.byId.get(id);
    if (trail === undefined) this.byId.set(id, (trail = new Trail()));
    trail.heard(lon, lat, ms);
  }

  /** Forgets what is older than 60 s. */
  trim(nowMs: number): void {
    for (const [id, trail] of this.byId) if (!trail.trim(nowMs - TRAIL_MS)) this.byId.delete(id);
  }

  forget(id: string): void {
    this.byId.delete(id);
  }

  values(): Iterable<Trail> {
    return this.byId.values();
  }
}
