// Which aircraft a person means who points at the map. Pure.

/** From the middle of a mark to its edge, CSS pixels. */
export const MARK_PX = 12;

/**
 * Of marks on the screen the one pointed at: whoever is on the point, else the nearest within reach; of several on one spot
 * the one that is drawn last, on top. seen: their places in xs and ys, in the order of drawing. null: none.
 */
export function nearest(
  seen: readonly number[],
  xs: ArrayLike<number>,
  ys: ArrayLike<number>,
  x: number,
  y: number,
  reach: number,
): number | null {
  let best: number | null = null;
  let bestAway = Math.max(reach, MARK_PX);
  for (const index of seen) {
    const away = Math.max(MARK_PX, Math.hypot(xs[index]! - x, ys[index]! - y));
    if (away > bestAway) continue;
    best = index;
    bestAway = away;
  }
  return best;
}
