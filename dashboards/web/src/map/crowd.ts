// Thousands of small marks, pixel by pixel: without a GPU a canvas takes some microseconds for each picture that it copies,
// this takes a tenth of one.

/** A picture as the pixels that are to be seen of it, from its middle. */
export interface Stamp {
  xs: Int16Array;
  ys: Int16Array;
  /** RGBA as they lie in an ImageData, read as one number of this machine. */
  colours: Uint32Array;
  /** No pixel is further from the middle, in either direction. */
  reach: number;
}

/** pixels: RGBA of a square. faint: how much of its opacity is left. */
export function stampOf(pixels: Uint8ClampedArray, side: number, faint = 1): Stamp {
  const [xs, ys, colours]: [number[], number[], number[]] = [[], [], []];
  const one = new Uint8ClampedArray(4);
  const word = new Uint32Array(one.buffer);
  const middle = side >> 1;
  let reach = 0;
  for (let place = 0; place < side * side; place += 1) {
    const alpha = Math.round(pixels[place * 4 + 3]! * faint);
    if (alpha === 0) continue;
    one.set([pixels[place * 4]!, pixels[place * 4 + 1]!, pixels[place * 4 + 2]!, alpha]);
    const [x, y] = [(place % side) - middle, Math.floor(place / side) - middle];
    xs.push(x);
    ys.push(y);
    colours.push(word[0]!);
    reach = Math.max(reach, Math.abs(x), Math.abs(y));
  }
  return { xs: Int16Array.from(xs), ys: Int16Array.from(ys), colours: Uint32Array.from(colours), reach };
}

const LITTLE = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
const ALPHA = LITTLE ? 24 : 0;

/** A sheet of pixels to stamp on. */
export class Sheet {
  readonly image: ImageData;
  private readonly words: Uint32Array;

  constructor(
    readonly width: number,
    readonly height: number,
    make: (width: number, height: number) => ImageData = (across, down) => new ImageData(across, down),
  ) {
    this.image = make(width, height);
    this.words = new Uint32Array(this.image.data.buffer);
  }

  clear(): void {
    this.words.fill(0);
  }

  /** x and y: whole pixels. What reaches beyond the sheet is left out. */
  stamp({ xs, ys, colours, reach }: Stamp, x: number, y: number): void {
    const { width, height, words } = this;
    const inside = x >= reach && y >= reach && x + reach < width && y + reach < height;
    for (let at = 0; at < colours.length; at += 1) {
      const [px, py] = [x + xs[at]!, y + ys[at]!];
      if (!inside && (px < 0 || py < 0 || px >= width || py >= height)) continue;
      const place = py * width + px;
      const colour = colours[at]!;
      const alpha = (colour >>> ALPHA) & 255;
      const below = words[place]!;
      words[place] = alpha === 255 || below === 0 ? colour : over(colour, alpha, below);
    }
  }
}

/** One colour over another: its opacity is that of the more opaque, which for soft edges is near enough. */
function over(colour: number, alpha: number, below: number): number {
  let mixed = 0;
  for (let shift = 0; shift < 32; shift += 8) {
    const [upper, lower] = [(colour >>> shift) & 255, (below >>> shift) & 255];
    const value = shift === ALPHA ? Math.max(upper, lower) : (upper * alpha + lower * (255 - alpha) + 127) / 255;
    mixed |= Math.floor(value) << shift;
  }
  return mixed >>> 0;
}
