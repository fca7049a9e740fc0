// The marks as small pictures: the lists' shapes in the tokens' colours with the tick of the nose, drawn once for each of
// 72 headings and then only copied.

import { SHAPE, type Mark } from "../glyphs";
import { RANK } from "../order";
import { type Stamp, stampOf } from "./crowd";
import type { Colour } from "./images";

export const HEADINGS = 72;
/** Side of a picture, CSS pixels: the mark, and around it the tick. */
export const SPRITE_PX = 56;
/** How much smaller a clear aircraft is where there are many: what asks for someone must stand out. */
export const SMALL = 0.5;
const FIELD = 24;

/** Which of the pictures. heading_deg null: without a tick. */
export function spriteIndex(mark: Mark, stale: boolean, heading_deg: number | null, small: boolean): number {
  const kind = (mark.breachEdge ? 5 : RANK[mark.level]) * 2 + Number(stale);
  const heading = heading_deg === null || stale ? HEADINGS : Math.round((heading_deg / 360) * HEADINGS) % HEADINGS;
  return (kind * (HEADINGS + 1) + (heading < 0 ? heading + HEADINGS : heading)) * 2 + Number(small);
}

/** Pictures, made when they are first wanted; another theme or another screen needs another set. */
export class Sprites {
  private readonly made = new Map<number, HTMLCanvasElement>();
  private readonly stamps = new Map<number, Stamp>();

  constructor(
    private readonly colour: Colour,
    private readonly ratio: number,
  ) {}

  of(mark: Mark, stale: boolean, heading_deg: number | null, small: boolean): HTMLCanvasElement {
    const index = spriteIndex(mark, stale, heading_deg, small);
    let picture = this.made.get(index);
    if (picture === undefined) {
      const turned = Math.floor(index / 2) % (HEADINGS + 1);
      picture = this.draw(mark, stale, turned === HEADINGS ? null : (turned * 2 * Math.PI) / HEADINGS, small ? SMALL : 1);
      this.made.set(index, picture);
    }
    return picture;
  }

  /** The same as pixels, small. faint: how much of its opacity is left. */
  stamp(mark: Mark, stale: boolean, heading_deg: number | null, faint: number): Stamp {
    const index = spriteIndex(mark, stale, heading_deg, true) * 2 + Number(faint < 1);
    let stamp = this.stamps.get(index);
    if (stamp === undefined) {
      const picture = this.of(mark, stale, heading_deg, true);
      const pixels = picture.getContext("2d")!.getImageData(0, 0, picture.width, picture.height);
      this.stamps.set(index, (stamp = stampOf(pixels.data, picture.width, faint)));
    }
    return stamp;
  }

  private draw(mark: Mark, stale: boolean, turn: number | null, size: number): HTMLCanvasElement {
    const picture = document.createElement("canvas");
    picture.width = picture.height = Math.ceil(SPRITE_PX * size * this.ratio);
    const context = picture.getContext("2d");
    if (context === null) throw new Error("this browser draws no canvas");
    context.scale(picture.width / SPRITE_PX, picture.height / SPRITE_PX);
    context.translate(SPRITE_PX / 2, SPRITE_PX / 2);
    if (turn !== null) this.tick(context, turn);
    context.translate(-FIELD / 2, -FIELD / 2);
    this.mark(context, mark, stale);
    return picture;
  }

  private mark(context: CanvasRenderingContext2D, mark: Mark, stale: boolean): void {
    const shape = SHAPE[mark.level];
    const outline = new Path2D(shape.outline);
    context.lineJoin = "round";
    context.strokeStyle = this.colour("map-halo");
    context.lineWidth = 6;
    context.stroke(outline);
    if (!stale) {
      context.fillStyle = this.colour("map-halo");
      context.fill(outline);
      if (shape.fill !== null) {
        context.fillStyle = this.colour(shape.colour);
        context.fill(new Path2D(shape.fill));
      }
    }
    context.strokeStyle = this.colour(mark.breachEdge ? "breach" : shape.edge);
    context.lineWidth = mark.breachEdge ? 3.5 : 2.5;
    if (stale) context.setLineDash([4, 2]);
    context.stroke(outline);
    context.setLineDash([]);
  }

  /** A tick beyond the mark's edge, where the nose points. */
  private tick(context: CanvasRenderingContext2D, turn: number): void {
    context.save();
    context.rotate(turn);
    context.lineCap = "round";
    for (const [token, width] of [["map-halo", 6], ["text", 2.5]] as const) {
      context.strokeStyle = this.colour(token);
      context.lineWidth = width;
      context.beginPath();
      context.moveTo(0, -16);
      context.lineTo(0, -24);
      context.stroke();
    }
    context.restore();
  }
}

