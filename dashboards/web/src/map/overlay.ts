// The aircraft on the map: one canvas above whatever the ground is drawn with. It knows no store and no map library: who
// uses it says what there is (show), where the view stands (draw), what the colours are (dress), and asks what is at a
// point (pick). Ten thousand aircraft cost it about 20 ms a frame without a GPU.

import type { MultiPolygon, Polygon } from "geojson";
import type { Marks } from "../layers";
import { RANK } from "../order";
import { type Craft, isLoud, isSought, rankOf } from "./craft";
import { Sheet } from "./crowd";
import { type EdgeMarker, edgeMarkers, type Inset } from "./edges";
import type { Colour } from "./images";
import { type Placed, placeLabels, type Side, type Wanted } from "./labels";
import { type Camera, screenX, screenY } from "./mercator";
import { MARK_PX, nearest } from "./pick";
import { drawAreas, drawSketch, type Sketch } from "./sketch";
import { SPRITE_PX, Sprites } from "./sprites";
import type { Trail } from "./trail";

export interface Picked {
  id: string;
  /** Its marker at the edge was meant: it is out of sight. */
  edge: boolean;
}

/** A finger's width: 44 px across. */
export const TOUCH_PX = 22;
const RING_PX = 21;
const FAINT = 0.35;
/** More clear aircraft than this in view are drawn small, until there are a fifth fewer. */
const CROWD = 300;
const MOST_QUIET_NAMES = 150;
/** More in one path and a stroke costs more than two. */
const TRAILS_A_PATH = 50;
const NAME_PX = 13;
const LINE_PX = 16;
const HALO_PX = 3;
const MOST_PICTURES = 2_000;

export class Overlay {
  readonly canvas = document.createElement("canvas");
  private readonly context: CanvasRenderingContext2D;
  private crafts: readonly Craft[] = [];
  private trails: Iterable<Trail> = [];
  private colour: Colour = () => "#000";
  private font = "sans-serif";
  private sprites: Sprites | null = null;
  private readonly names = new Map<string, HTMLCanvasElement>();
  private ratio = 0;
  private bright = true;
  private crowded = false;
  /** Which of what can be left out is drawn; what is loud always is. */
  marks: Marks = { trails: true, names: true, paths: true, zoneNames: true };
  /** The areas of the selected aircraft. */
  areas: readonly (Polygon | MultiPolygon)[] = [];
  /** The zone that is being drawn. */
  sketch: Sketch | null = null;
  private sheet: Sheet | null = null;
  private sides: ReadonlyMap<string, Side> = new Map();
  // As last drawn: what a pointer can meet.
  private xs = new Float32Array(0);
  private ys = new Float32Array(0);
  private seen: number[] = [];
  private edges: EdgeMarker[] = [];

  /** inset: how far within the container markers at the edge stay clear of what else lies there, CSS pixels. */
  constructor(
    container: HTMLElement,
    private readonly inset: Inset,
  ) {
    const context = this.canvas.getContext("2d");
    if (context === null) throw new Error("this browser draws no canvas");
    this.context = context;
    this.canvas.className = "map-overlay";
    this.canvas.setAttribute("aria-hidden", "true");
    container.append(this.canvas);
  }

  destroy(): void {
    this.canvas.remove();
  }

  /** The colours of the tokens (tokens.css) as they stand now: day or night. */
  dress(colour: Colour): void {
    this.colour = colour;
    this.font = colour("font") || "sans-serif";
    this.sprites = null;
    this.names.clear();
  }

  /** What there is. The list is kept and not copied: give another one when something changed. */
  show(crafts: readonly Craft[], trails: Iterable<Trail>): void {
    const layers: Craft[][] = [[], [], [], [], [], [], []];
    for (const craft of crafts) layers[layerOf(craft)]!.push(craft);
    this.crafts = layers.flat();
    this.trails = trails;
  }

  /** The beat of what waits (blink.ts); true: as bright as the rest. */
  blink(bright: boolean): void {
    this.bright = bright;
  }

  /** Whether a beat changes anything. */
  get waiting(): boolean {
    return this.crafts.some((craft) => craft.waits);
  }

  draw(camera: Camera): void {
    this.fit(camera);
    const { context, ratio } = this;
    this.look(camera);
    context.setTransform(1, 0, 0, 1, 0, 0);
    if (this.crowded) this.drawCrowd();
    else context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    // Below the crowd, which is there already.
    context.globalCompositeOperation = "destination-over";
    if (this.marks.trails) this.drawTrails(camera);
    context.globalCompositeOperation = "source-over";
    drawAreas(context, camera, this.areas, this.colour);
    if (this.sketch !== null) drawSketch(context, camera, this.sketch, this.colour);
    if (this.marks.paths) this.drawAhead(camera);
    const names = this.namesIn(camera);
    this.drawNames(names.filter((one) => !one.loud));
    this.drawMarks(false);
    this.drawNames(names.filter((one) => one.loud));
    // No name may cover who needs somebody; breaches come last of all.
    this.drawMarks(true);
    this.drawEdges();
  }

  /** The aircraft at a point: on its mark, else the nearest within reach. */
  pick(x: number, y: number, reach = TOUCH_PX): Picked | null {
    for (const marker of this.edges) {
      if (Math.hypot(marker.x - x, marker.y - y) <= Math.max(reach, MARK_PX)) return { id: marker.ids[0]!, edge: true };
    }
    const index = nearest(this.seen, this.xs, this.ys, x, y, reach);
    return index === null ? null : { id: this.crafts[index]!.id, edge: false };
  }

  private fit(camera: Camera): void {
    const ratio = window.devicePixelRatio;
    const [width, height] = [Math.round(camera.width * ratio), Math.round(camera.height * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    if (ratio !== this.ratio) {
      this.ratio = ratio;
      this.sprites = null;
      this.names.clear();
    }
    this.sprites ??= new Sprites(this.colour, ratio);
  }

  /** Where everything is on the screen, and what of it is in sight. */
  private look(camera: Camera): void {
    const { crafts } = this;
    if (this.xs.length < crafts.length) {
      this.xs = new Float32Array(crafts.length * 2);
      this.ys = new Float32Array(crafts.length * 2);
    }
    this.seen = [];
    let quiet = 0;
    const sought = [];
    for (let index = 0; index < crafts.length; index += 1) {
      const craft = crafts[index]!;
      const x = (this.xs[index] = screenX(camera, craft.x));
      const y = (this.ys[index] = screenY(camera, craft.y));
      const margin = isSought(craft) ? 0 : SPRITE_PX / 2;
      if (x >= -margin && x <= camera.width + margin && y >= -margin && y <= camera.height + margin) {
        this.seen.push(index);
        if (!isLoud(craft)) quiet += 1;
      } else if (isSought(craft)) {
        sought.push({ id: craft.id, x, y, rank: rankOf(craft), waits: craft.waits });
      }
    }
    this.crowded = quiet > (this.crowded ? CROWD * 0.8 : CROWD);
    this.edges = edgeMarkers(sought, camera.width, camera.height, this.inset);
  }

  private drawTrails(camera: Camera): void {
    const { context } = this;
    context.strokeStyle = this.colour("map-trail");
    context.lineWidth = 1.5;
    context.lineJoin = "bevel";
    let together = 0;
    context.beginPath();
    for (const trail of this.trails) {
      if (!trail.visible(camera)) continue;
      trail.trace(camera, context);
      together += 1;
      if (together % TRAILS_A_PATH !== 0) continue;
      context.stroke();
      context.beginPath();
    }
    context.stroke();
  }

  /** The predicted paths: dashed, with a bar where what is warned of would come. */
  private drawAhead(camera: Camera): void {
    const { context } = this;
    for (const index of this.seen) {
      const ahead = this.crafts[index]!.ahead;
      if (ahead === null) continue;
      const [fromX, fromY] = [this.xs[index]!, this.ys[index]!];
      const [toX, toY] = [screenX(camera, ahead.x), screenY(camera, ahead.y)];
      const length = Math.hypot(toX - fromX, toY - fromY);
      if (length < MARK_PX) continue;
      const [acrossX, acrossY] = [(-(toY - fromY) / length) * 7, ((toX - fromX) / length) * 7];
      for (const [token, width, dash] of [["map-halo", 6, []], ["amber-line", 2.5, [7, 4]]] as const) {
        context.strokeStyle = this.colour(token);
        context.lineWidth = width;
        context.setLineDash([...dash]);
        context.beginPath();
        context.moveTo(fromX, fromY);
        context.lineTo(toX, toY);
        context.stroke();
        context.setLineDash([]);
        context.beginPath();
        context.moveTo(toX - acrossX, toY - acrossY);
        context.lineTo(toX + acrossX, toY + acrossY);
        context.stroke();
      }
    }
  }

  private drawMarks(loud: boolean): void {
    const { context, ratio } = this;
    // In the screen's own pixels, so that a picture is copied and not drawn anew.
    context.setTransform(1, 0, 0, 1, 0, 0);
    for (const index of this.seen) {
      const craft = this.crafts[index]!;
      if (isLoud(craft) !== loud || this.isSmall(craft)) continue;
      if (craft.selected) this.ring(index);
      context.globalAlpha = (craft.waits && !this.bright) || (craft.dim && !craft.waits) ? FAINT : 1;
      const picture = this.sprites!.of(craft.mark, craft.stale, craft.heading_deg, false);
      const half = picture.width / 2;
      context.drawImage(picture, Math.round(this.xs[index]! * ratio - half), Math.round(this.ys[index]! * ratio - half));
    }
    context.globalAlpha = 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  /** The small marks, in the place of all that was drawn before. */
  private drawCrowd(): void {
    const { width, height } = this.canvas;
    if (this.sheet?.width !== width || this.sheet.height !== height) this.sheet = new Sheet(width, height);
    else this.sheet.clear();
    for (const index of this.seen) {
      const craft = this.crafts[index]!;
      if (!this.isSmall(craft)) continue;
      const stamp = this.sprites!.stamp(craft.mark, craft.stale, craft.heading_deg, craft.dim ? FAINT : 1);
      this.sheet.stamp(stamp, Math.round(this.xs[index]! * this.ratio), Math.round(this.ys[index]! * this.ratio));
    }
    this.context.putImageData(this.sheet.image, 0, 0);
  }

  private isSmall(craft: Craft): boolean {
    return this.crowded && !isLoud(craft);
  }

  private ring(index: number): void {
    const { context, ratio } = this;
    context.globalAlpha = 1;
    for (const [token, width] of [["map-halo", 6], ["selected", 3]] as const) {
      context.strokeStyle = this.colour(token);
      context.lineWidth = width * ratio;
      context.beginPath();
      context.arc(this.xs[index]! * ratio, this.ys[index]! * ratio, RING_PX * ratio, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  private namesIn(camera: Camera): (Placed & { loud: boolean; picture: HTMLCanvasElement })[] {
    const wanted: (Wanted & { loud: boolean; picture: HTMLCanvasElement })[] = [];
    const marks: [number, number, number, number][] = [];
    let quiet = 0;
    // From the last, which is the worst, to the first.
    for (let place = this.seen.length - 1; place >= 0; place -= 1) {
      const index = this.seen[place]!;
      const craft = this.crafts[index]!;
      const loud = isLoud(craft);
      // What has cleared and only waits to be seen gives way to what stands; and of a heap of names none could be read.
      const mayCover = craft.selected ? Infinity : rankOf(craft) < RANK.clear ? 0.5 : 0;
      const [x, y] = [this.xs[index]!, this.ys[index]!];
      if (loud || !this.crowded) marks.push([x - MARK_PX, y - MARK_PX, x + MARK_PX, y + MARK_PX]);
      if (craft.label === "" || (!loud && (!this.marks.names || this.crowded || quiet >= MOST_QUIET_NAMES))) continue;
      if (!loud) quiet += 1;
      const picture = this.name(craft.label, loud);
      // Without its halo, which may touch another's.
      const [width, height] = [picture.width / this.ratio - HALO_PX * 2, picture.height / this.ratio - HALO_PX];
      wanted.push({ id: craft.id, x, y, width, height, away: craft.selected ? RING_PX + 4 : RING_PX, mayCover, loud, picture });
    }
    const placed = placeLabels(wanted, marks, this.sides, camera);
    this.sides = new Map(placed.map((one) => [one.id, one.side]));
    const byId = new Map(wanted.map((one) => [one.id, one]));
    return placed.map((one) => ({ ...byId.get(one.id)!, ...one }));
  }

  private drawNames(names: readonly (Placed & { picture: HTMLCanvasElement })[]): void {
    const { context, ratio } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    // The most important last, on top.
    for (const { x, y, picture } of [...names].reverse()) context.drawImage(picture, Math.round((x - HALO_PX) * ratio), Math.round((y - HALO_PX / 2) * ratio));
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  /** A name with its halo as a picture: writing costs more than copying. */
  private name(text: string, loud: boolean): HTMLCanvasElement {
    const key = `${Number(loud)}${text}`;
    const held = this.names.get(key);
    if (held !== undefined) return held;
    if (this.names.size >= MOST_PICTURES) this.names.clear();
    const { context, ratio } = this;
    const lines = text.split("\n");
    const font = `${loud ? 600 : 400} ${NAME_PX}px ${this.font}`;
    context.font = font;
    const width = Math.max(...lines.map((line) => context.measureText(line).width)) + HALO_PX * 2;
    const picture = document.createElement("canvas");
    picture.width = Math.ceil(width * ratio);
    picture.height = Math.ceil((lines.length * LINE_PX + HALO_PX) * ratio);
    const own = picture.getContext("2d");
    if (own === null) throw new Error("this browser draws no canvas");
    own.scale(ratio, ratio);
    own.font = font;
    own.textBaseline = "middle";
    own.lineJoin = "round";
    own.lineWidth = HALO_PX;
    own.strokeStyle = this.colour("map-halo");
    own.fillStyle = this.colour(loud ? "text" : "text-muted");
    for (const [row, line] of lines.entries()) {
      const y = HALO_PX / 2 + (row + 0.5) * LINE_PX;
      own.strokeText(line, HALO_PX, y);
      own.fillText(line, HALO_PX, y);
    }
    this.names.set(key, picture);
    return picture;
  }

  /** Where those out of sight are that somebody must see: their mark, an arrow to them, and how many. */
  private drawEdges(): void {
    const { context } = this;
    for (const marker of [...this.edges].reverse()) {
      const craft = this.crafts.find((one) => one.id === marker.ids[0]);
      if (craft === undefined) continue;
      context.globalAlpha = marker.waits && !this.bright ? FAINT : 1;
      context.save();
      context.translate(marker.x, marker.y);
      context.rotate(marker.angle);
      context.beginPath();
      context.moveTo(28, 0);
      context.lineTo(17, -8);
      context.lineTo(17, 8);
      context.closePath();
      context.strokeStyle = this.colour("map-halo");
      context.lineWidth = 4;
      context.stroke();
      context.fillStyle = this.colour(rankOf(craft) === RANK.breach ? "breach" : "text");
      context.fill();
      context.restore();
      const picture = this.sprites!.of(craft.mark, craft.stale, null, false);
      context.drawImage(picture, marker.x - SPRITE_PX / 2, marker.y - SPRITE_PX / 2, SPRITE_PX, SPRITE_PX);
      if (marker.ids.length > 1) {
        const count = this.name(String(marker.ids.length), true);
        const [width, height] = [count.width / this.ratio, count.height / this.ratio];
        const [x, y] = [marker.x - Math.cos(marker.angle) * 24, marker.y - Math.sin(marker.angle) * 24];
        context.drawImage(count, x - width / 2, y - height / 2, width, height);
      }
    }
    context.globalAlpha = 1;
  }
}

/** In which order marks are drawn: what is faint first, breaches last. */
function layerOf(craft: Craft): number {
  const rank = rankOf(craft);
  if (rank < RANK.clear) return 6 - rank;
  if (craft.selected || craft.waits) return 2;
  return craft.dim ? 0 : 1;
}
