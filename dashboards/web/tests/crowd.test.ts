import { describe, expect, it } from "vitest";
import { Sheet, stampOf } from "../src/map/crowd";

const sheet = (side: number): Sheet =>
  new Sheet(side, side, (width, height) => ({ width, height, data: new Uint8ClampedArray(width * height * 4) }) as ImageData);
const at = (of: Sheet, x: number, y: number): number[] => [...of.image.data.subarray((y * of.width + x) * 4, (y * of.width + x) * 4 + 4)];
/** 4 by 4, opaque red in the middle, half transparent to its right. */
const pixels = new Uint8ClampedArray(64);
pixels.set([200, 0, 0, 255, 200, 0, 0, 128], (2 * 4 + 2) * 4);

describe("marks pixel by pixel", () => {
  it("lie where they are put, over what was there", () => {
    const stamp = stampOf(pixels, 4);
    expect(stamp.colours).toHaveLength(2);
    const on = sheet(8);
    on.stamp(stamp, 3, 3);
    expect(at(on, 3, 3)).toEqual([200, 0, 0, 255]);
    expect(at(on, 4, 3)).toEqual([200, 0, 0, 128]);
    expect(at(on, 5, 3)).toEqual([0, 0, 0, 0]);
    on.stamp(stampOf(new Uint8ClampedArray([0, 100, 0, 255]), 1), 4, 3);
    expect(at(on, 4, 3)).toEqual([0, 100, 0, 255]);
    on.stamp(stamp, 3, 3);
    expect(at(on, 4, 3)).toEqual([100, 49, 0, 255]);
    on.clear();
    expect(at(on, 3, 3)).toEqual([0, 0, 0, 0]);
  });

  it("end at the edge of the sheet, and fade", () => {
    const on = sheet(4);
    on.stamp(stampOf(pixels, 4, 0.5), 3, 0);
    expect(at(on, 3, 0)).toEqual([200, 0, 0, 128]);
    expect(at(on, 0, 1)).toEqual([0, 0, 0, 0]);
    on.stamp(stampOf(pixels, 4), -9, 40);
  });
});
