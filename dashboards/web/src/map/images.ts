// The tokens' colours for what is drawn and not laid out, and the hatching of zones.

export const PIXELS = 2;
const SIDE = 12;

export type Colour = (token: string) => string;

/** Reads the tokens as they stand now (day or night). */
export function colours(): Colour {
  const style = getComputedStyle(document.documentElement);
  const read = new Map<string, string>();
  return (token) => {
    let value = read.get(token);
    if (value === undefined) read.set(token, (value = style.getPropertyValue(`--${token}`).trim()));
    return value;
  };
}

/** Hatching for where nobody may be; must repeat without a seam. */
export function drawHatch(colour: Colour): ImageData {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE * PIXELS;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("this browser draws no canvas");
  context.scale(PIXELS, PIXELS);
  context.strokeStyle = colour("map-zone");
  context.globalAlpha = 0.35;
  context.lineWidth = 1;
  context.beginPath();
  for (const from of [-SIDE, 0, SIDE]) {
    context.moveTo(from, SIDE);
    context.lineTo(from + SIDE, 0);
  }
  context.stroke();
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
