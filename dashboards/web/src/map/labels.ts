// Where names stand: beside their mark, over no other name. Who must be seen is placed first, and may cover others. Pure.

export interface Wanted {
  id: string;
  /** Of the mark's middle, CSS pixels. */
  x: number;
  y: number;
  width: number;
  height: number;
  /** Distance of the name from the mark's middle. */
  away: number;
  /** How much of it may lie over others, of its area: 0 for none. */
  mayCover: number;
}

export interface Placed {
  id: string;
  /** Upper left corner. */
  x: number;
  y: number;
  side: Side;
}

export type Side = "right" | "left" | "below" | "above";
const SIDES: readonly Side[] = ["right", "left", "below", "above"];
const CELL_PX = 64;
/** A name that reaches out of the view is worse than any that covers something. */
const OUTSIDE = 1e6;

/** Boxes on the screen, and how much of another one would lie over them. */
class Taken {
  private readonly cells = new Map<number, number[]>();

  *around(left: number, top: number, right: number, bottom: number): Generator<number> {
    for (let row = Math.floor(top / CELL_PX); row <= Math.floor(bottom / CELL_PX); row += 1) {
      for (let column = Math.floor(left / CELL_PX); column <= Math.floor(right / CELL_PX); column += 1) yield row * 4096 + column;
    }
  }

  /** How much of a box others lie over, square pixels; a box in several cells counts more than once. */
  covered(left: number, top: number, right: number, bottom: number): number {
    let area = 0;
    for (const cell of this.around(left, top, right, bottom)) {
      const boxes = this.cells.get(cell);
      if (boxes === undefined) continue;
      for (let at = 0; at < boxes.length; at += 4) {
        const across = Math.min(right, boxes[at + 2]!) - Math.max(left, boxes[at]!);
        const down = Math.min(bottom, boxes[at + 3]!) - Math.max(top, boxes[at + 1]!);
        if (across > 0 && down > 0) area += across * down;
      }
    }
    return area;
  }

  take(left: number, top: number, right: number, bottom: number): void {
    for (const cell of this.around(left, top, right, bottom)) {
      const boxes = this.cells.get(cell);
      if (boxes === undefined) this.cells.set(cell, [left, top, right, bottom]);
      else boxes.push(left, top, right, bottom);
    }
  }
}

function corner(one: Wanted, side: Side): [number, number] {
  switch (side) {
    case "right":
      return [one.x + one.away, one.y - one.height / 2];
    case "left":
      return [one.x - one.away - one.width, one.y - one.height / 2];
    case "below":
      return [one.x - one.width / 2, one.y + one.away];
    case "above":
      return [one.x - one.width / 2, one.y - one.away - one.height];
  }
}

/**
 * Places names in the order given, which is that of their importance, within the view; who must be seen has the side that covers least. marks: boxes (left, top, right, bottom) that quiet
 * names keep off. before: the side where each stood, which it keeps while it can, so that names do not jump about.
 */
export function placeLabels(
  wanted: readonly Wanted[],
  marks: readonly (readonly [number, number, number, number])[],
  before: ReadonlyMap<string, Side>,
  view: { width: number; height: number },
): Placed[] {
  const taken = new Taken();
  for (const mark of marks) taken.take(...mark);
  const placed: Placed[] = [];
  for (const one of wanted) {
    const kept = before.get(one.id);
    const sides = kept === undefined ? SIDES : [kept, ...SIDES.filter((side) => side !== kept)];
    let side: Side | null = null;
    let least = one.mayCover * one.width * one.height + Number.MIN_VALUE;
    for (const tried of sides) {
      const [x, y] = corner(one, tried);
      const inside = x >= 0 && y >= 0 && x + one.width <= view.width && y + one.height <= view.height;
      if (!inside && one.mayCover === 0) continue;
      const covered = taken.covered(x, y, x + one.width, y + one.height) + (inside ? 0 : OUTSIDE);
      if (covered >= least) continue;
      [side, least] = [tried, covered];
      if (covered === 0) break;
    }
    if (side === null) continue;
    const [x, y] = corner(one, side);
    taken.take(x, y, x + one.width, y + one.height);
    placed.push({ id: one.id, x, y, side });
  }
  return placed;
}
