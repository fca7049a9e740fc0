// Markers at the edge of the map for those out of sight that somebody must see. Pure.

export interface Inset {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

export interface Sought {
  id: string;
  /** On the screen, CSS pixels; outside of it. */
  x: number;
  y: number;
  /** 0 is the worst. */
  rank: number;
  waits: boolean;
}

export interface EdgeMarker {
  x: number;
  y: number;
  /** Where it points, radians from east, clockwise. */
  angle: number;
  /** Whom it stands for, the worst first. */
  ids: string[];
  rank: number;
  waits: boolean;
}

/** Nearer than this two markers would hide each other: they become one, with a number. */
export const APART_PX = 34;

/** Markers where the lines from the middle of the view to those sought leave the field within the inset. */
export function edgeMarkers(sought: readonly Sought[], width: number, height: number, inset: Inset): EdgeMarker[] {
  const left = inset.left;
  const right = Math.max(left + 1, width - inset.right);
  const top = inset.top;
  const bottom = Math.max(top + 1, height - inset.bottom);
  const [middleX, middleY] = [(left + right) / 2, (top + bottom) / 2];
  const markers: EdgeMarker[] = [];
  for (const one of [...sought].sort((a, b) => a.rank - b.rank || Number(b.waits) - Number(a.waits) || a.id.localeCompare(b.id))) {
    const [dx, dy] = [one.x - middleX, one.y - middleY];
    const part = Math.min(
      dx === 0 ? Infinity : ((dx > 0 ? right : left) - middleX) / dx,
      dy === 0 ? Infinity : ((dy > 0 ? bottom : top) - middleY) / dy,
    );
    const [x, y] = Number.isFinite(part) ? [middleX + dx * part, middleY + dy * part] : [middleX, top];
    const near = markers.find((marker) => Math.hypot(marker.x - x, marker.y - y) < APART_PX);
    if (near === undefined) {
      markers.push({ x, y, angle: Math.atan2(dy, dx), ids: [one.id], rank: one.rank, waits: one.waits });
    } else {
      near.ids.push(one.id);
      near.waits ||= one.waits;
    }
  }
  return markers;
}
