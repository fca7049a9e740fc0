import { describe, expect, it } from "vitest";
import { placeLabels, type Wanted } from "../src/map/labels";

const VIEW = { width: 400, height: 300 };
const wanted = (id: string, x: number, y: number, mayCover = 0): Wanted => ({ id, x, y, width: 70, height: 19, away: 21, mayCover });
const mark = (x: number, y: number): [number, number, number, number] => [x - 12, y - 12, x + 12, y + 12];

describe("names on the map", () => {
  it("stand to the right, and elsewhere where another mark is", () => {
    expect(placeLabels([wanted("a", 100, 100)], [mark(100, 100)], new Map(), VIEW)).toMatchObject([{ id: "a", side: "right", x: 121 }]);
    const beside = placeLabels([wanted("a", 100, 100, 0.5)], [mark(100, 100), mark(170, 100)], new Map([["a", "right"]]), VIEW);
    expect(beside).toMatchObject([{ side: "left" }]);
  });

  it("stay within the view", () => {
    expect(placeLabels([wanted("a", 390, 100)], [], new Map(), VIEW)).toMatchObject([{ side: "left" }]);
    expect(placeLabels([wanted("a", 390, 290)], [], new Map(), VIEW)).toMatchObject([{ side: "left" }]);
  });

  it("are left out where there is no room, unless somebody must see them", () => {
    const crowd = Array.from({ length: 40 }, (_, index) => wanted(`a${index}`, 200, 150));
    expect(placeLabels(crowd, [], new Map(), VIEW)).toHaveLength(4);
    const squeezed = placeLabels([wanted("b", 200, 150, 0.5)], [mark(250, 150), [178, 170, 240, 175]], new Map(), VIEW);
    expect(squeezed).toMatchObject([{ side: "left" }]);
    const loud = placeLabels([...crowd, wanted("b", 200, 150, Infinity)], [], new Map(), VIEW);
    expect(loud.at(-1)?.id).toBe("b");
    expect(placeLabels([...crowd, wanted("b", 200, 150, 0.5)], [], new Map(), VIEW)).toHaveLength(4);
  });

  it("keep their side while they can, so that they do not jump about", () => {
    expect(placeLabels([wanted("a", 200, 150)], [], new Map([["a", "above"]]), VIEW)).toMatchObject([{ side: "above" }]);
  });
});
