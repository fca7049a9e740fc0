// The marks as images for the map, drawn from the same shapes as the lists' and in the tokens' colours.

import { LEVELS, markKey, SHAPE, type Mark } from "../glyphs";

export const PIXELS = 2;

export interface Drawn {
  name: string;
  image: ImageData;
}

type Colour = (token: string) => string;

/** Reads the tokens as they stand now (day or night). */
export function colours(): Colour {
  const style = getComputedStyle(document.documentElement);
  return (token) => style.getPropertyValue(`--${token}`).trim();
}

function canvas(size: number): CanvasRenderingContext2D {
  const element = document.createElement("canvas");
  element.width = size * PIXELS;
  element.height = size * PIXELS;
  const context = element.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("this browser draws no canvas");
  context.scale(PIXELS, PIXELS);
  context.lineJoin = "round";
  return context;
}

const pixels = (context: CanvasRenderingContext2D): ImageData =>
  context.getImageData(0, 0, context.canvas.width, context.canvas.height);

function mark(of: Mark, stale: boolean, colour: Colour): Drawn {
  const shape = SHAPE[of.level];
  const context = canvas(30);
  context.translate(3, 3);
  const outline = new Path2D(shape.outline);
  context.strokeStyle = colour("map-halo");
  context.lineWidth = 6;
  context.stroke(outline);
  if (!stale) {
    context.fillStyle = colour("map-halo");
    context.fill(outline);
    if (shape.fill !== null) {
      context.fillStyle = colour(shape.colour);
      context.fill(new Path2D(shape.fill));
    }
  }
  context.strokeStyle = colour(of.breachEdge ? "breach" : shape.edge);
  context.lineWidth = of.breachEdge ? 3.5 : 2.5;
  if (stale) context.setLineDash([4, 2]);
  context.stroke(outline);
  return { name: markKey(of, stale), image: pixels(context) };
}

/** A tick beyond the mark's edge, pointing up: turned to the heading of the nose. */
function tick(colour: Colour): Drawn {
  const context = canvas(56);
  for (const [token, width] of [["map-halo", 6], ["text", 2.5]] as const) {
    context.strokeStyle = colour(token);
    context.lineWidth = width;
    context.lineCap = "round";
    context.beginPath();
    context.moveTo(28, 12);
    context.lineTo(28, 4);
    context.stroke();
  }
  return { name: "tick", image: pixels(context) };
}

/** Hatching for where nobody may be; must repeat without a seam. */
function hatch(colour: Colour): Drawn {
  const context = canvas(12);
  context.strokeStyle = colour("map-zone");
  context.globalAlpha = 0.35;
  context.lineWidth = 1;
  context.beginPath();
  for (const from of [-12, 0, 12]) {
    context.moveTo(from, 12);
    context.lineTo(from + 12, 0);
  }
  context.stroke();
  return { name: "hatch", image: pixels(context) };
}

export function drawImages(colour: Colour): Drawn[] {
  const marks: Mark[] = [...LEVELS.map((level) => ({ level, breachEdge: false })), { level: "lost", breachEdge: true }];
  return [...marks.flatMap((one) => [mark(one, false, colour), mark(one, true, colour)]), tick(colour), hatch(colour)];
}
