// Thousands of small marks, pixel by pixel: without a GPU a canvas takes some microseconds for each picture that it copies,
// this takes a tenth of one.

/** A picture as the pixels that are to be seen of it, from its middle; those that let nothing through come first. */
export interface Stamp {
  xs: Int16Array;
  ys: Int16Array;
  /** RGBA as they lie in an ImageData, read as one number: 0xAABBGGRR, since browsers run on little-endian machines only. */
  colours: Uint32Array;
  solid: number;
  /** No pixel is further from the middle, in either direction. */
  reach: number;
  /** How far each pixel is from the middle on a sheet of this width. */
  offsets: { width: number; of: Int32Array };
}

/** pixels: RGBA of a square. faint: how much of its opacity is left. */
export function stampOf(pixels: Uint8ClampedArray, side: number, faint = 1): Stamp {
  const middle = side >> 1;
  const found: { x: number; y: number; colour: number; solid: boolean }[] = [];
  for (let place = 0; place < side * side; place += 1) {
    const [red, green, blue, alpha] = pixels.subarray(place * 4, place * 4 + 4);
    const left = Math.round(alpha! * faint);
    if (left === 0) continue;
    const colour = ((left << 24) | (blue! << 16) | (green! << 8) | red!) >>> 0;
    found.push({ x: (place % side) - middle, y: Math.floor(place / side) - middle, colour, solid: left === 255 });
  }
  found.sort((a, b) => Number(b.solid) - Number(a.solid));
  return {
    xs: Int16Array.from(found, (one) => one.x),
    ys: Int16Array.from(found, (one) => one.y),
    colours: Uint32Array.from(found, (one) => one.colour),
    solid: found.filter((one) => one.solid).length,
    reach: Math.max(0, ...found.map((one) => Math.max(Math.abs(one.x), Math.abs(one.y)))),
    offsets: { width: 0, of: new Int32Array(0) },
  };
}

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
  stamp(stamp: Stamp, x: number, y: number): void {
    const { width, height, words } = this;
    const { xs, ys, colours, solid, reach } = stamp;
    if (x < reach || y < reach || x + reach >= width || y + reach >= height) {
      for (let at = 0; at < colours.length; at += 1) {
        const px = x + xs[at]!;
        const py = y + ys[at]!;
        if (px < 0 || py < 0 || px >= width || py >= height) continue;
        const place = py * width + px;
        words[place] = over(colours[at]!, words[place]!);
      }
      return;
    }
    if (stamp.offsets.width !== width) stamp.offsets = { width, of: Int32Array.from(xs, (one, at) => ys[at]! * width + one) };
    const offsets = stamp.offsets.of;
    const middle = y * width + x;
    for (let at = 0; at < solid; at += 1) words[middle + offsets[at]!] = colours[at]!;
    for (let at = solid; at < colours.length; at += 1) {
      const place = middle + offsets[at]!;
      words[place] = over(colours[at]!, words[place]!);
    }
  }
}

/** One colour over another: its opacity is that of the more opaque, which for soft edges is near enough. */
function over(colour: number, below: number): number {
  const alpha = colour >>> 24;
  if (below === 0 || alpha === 255) return colour;
  const share = alpha + (alpha >> 7); // of 256
  const left = 256 - share;
  const redBlue = (((colour & 0xff00ff) * share + (below & 0xff00ff) * left) >>> 8) & 0xff00ff;
  const green = (((colour & 0x00ff00) * share + (below & 0x00ff00) * left) >>> 8) & 0x00ff00;
  return ((Math.max(alpha, below >>> 24) << 24) | redBlue | green) >>> 0;
}
