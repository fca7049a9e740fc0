import { describe, expect, it } from "vitest";
import { edgeMarkers, type Sought } from "../src/map/edges";
import { type Camera, onward, placeAt, project, scaleOf, screenX, screenY, unproject, zoomOf } from "../src/map/mercator";
import { nearest } from "../src/map/pick";
import { HEADINGS, spriteIndex } from "../src/map/sprites";
import { GAP_MS, Trail, Trails } from "../src/map/trail";

const camera = (lon: number, lat: number, zoom: number): Camera => ({ ...project(lon, lat), scale: scaleOf(zoom), width: 800, height: 600 });

describe("the projection", () => {
  it("is Web Mercator, there and back", () => {
    expect(project(0, 0)).toEqual({ x: 0.5, y: 0.5 });
    expect(project(180, 85.051129).y).toBeCloseTo(0, 6);
    for (const [lon, lat] of [[149.1, -35.3], [-70, 60], [0, 0]] as const) {
      const [back, there] = unproject(project(lon, lat));
      expect(back).toBeCloseTo(lon, 9);
      expect(there).toBeCloseTo(lat, 9);
    }
    expect(zoomOf(scaleOf(9.5))).toBeCloseTo(9.5, 9);
  });

  it("has its middle in the middle, and a degree as wide as the zoom says", () => {
    const view = camera(149, -35, 9);
    expect([screenX(view, view.x), screenY(view, view.y)]).toEqual([400, 300]);
    expect(screenX(view, project(150, -35).x) - 400).toBeCloseTo((512 * 2 ** 9) / 360, 6);
    const [lon, lat] = unproject(placeAt(view, 400, 300));
    expect([lon.toFixed(6), lat.toFixed(6)]).toEqual(["149.000000", "-35.000000"]);
  });

  it("shows what lies beyond longitude 180 where it is near", () => {
    expect(screenX(camera(179.9, -20, 9), project(-179.9, -20).x) - 400).toBeCloseTo((0.2 / 360) * scaleOf(9), 6);
  });

  it("flies on straight: 111.2 m to the north are a thousandth of a degree", () => {
    const [lon, lat] = onward(149, -35, 0, 111.195);
    expect([lon, lat + 35]).toEqual([149, expect.closeTo(0.001, 7)]);
    expect(onward(149, -60, 90, 111.195)[0] - 149).toBeCloseTo(0.002, 6);
  });
});

describe("a trail", () => {
  const traced = (trail: Trail, view: Camera): string[] => {
    const found: string[] = [];
    trail.trace(view, { moveTo: (x, y) => found.push(`M${x.toFixed(0)},${y.toFixed(0)}`), lineTo: (x, y) => found.push(`L${x.toFixed(0)},${y.toFixed(0)}`) });
    return found;
  };

  it("keeps one point a second, and the newest", () => {
    const trail = new Trail();
    for (let tenth = 0; tenth <= 25; tenth += 1) trail.heard(149 + tenth / 1000, -35, tenth * 100);
    expect(trail.times).toEqual([0, 1000, 2000, 2500]);
    trail.heard(150, -35, 2500);
    expect(trail.times).toHaveLength(4);
  });

  it("is cut where nothing was heard for more than five seconds", () => {
    const trail = new Trail();
    for (const [ms, lon] of [[0, 149], [1000, 149.1], [1001 + GAP_MS, 149.3], [8000, 149.4]] as const) trail.heard(lon, -35, ms);
    expect(traced(trail, camera(149.2, -35, 8)).map((one) => one[0]).join("")).toBe("MLML");
  });

  it("leaves out segments under 4 px, but not its end", () => {
    const trail = new Trail();
    for (let second = 0; second <= 30; second += 1) trail.heard(149 + second / 1000, -35, second * 1000);
    const near = traced(trail, camera(149, -35, 14));
    const far = traced(trail, camera(149, -35, 9));
    expect(near).toHaveLength(31);
    expect(far.length).toBeLessThan(9);
    expect(far.at(-1)).toBe(`L${(400 + (0.03 / 360) * scaleOf(9)).toFixed(0)},300`);
  });

  it("is not drawn where it is out of sight, or lies below the mark", () => {
    const trail = new Trail();
    for (let second = 0; second <= 30; second += 1) trail.heard(149 + second / 10000, -35, second * 1000);
    expect(trail.visible(camera(149, -35, 14))).toBe(true);
    expect(trail.visible(camera(149, -35, 8))).toBe(false);
    expect(trail.visible(camera(150, -35, 14))).toBe(false);
  });

  it("goes on over longitude 180", () => {
    const trail = new Trail();
    for (const [ms, lon] of [[0, 179.9], [1000, -180], [2000, -179.9]] as const) trail.heard(lon, -20, ms);
    const xs = traced(trail, camera(180, -20, 9)).map((one) => Number(one.slice(1).split(",")[0]));
    expect(xs[2]! - xs[0]!).toBeCloseTo((0.2 / 360) * scaleOf(9), -1);
  });

  it("ends after 60 s, and with it whoever has none left", () => {
    const trails = new Trails();
    trails.heard("a", 149, -35, 0);
    trails.heard("b", 149, -35, 50_000);
    trails.trim(61_000);
    expect([...trails.values()].map((one) => one.times)).toEqual([[50_000]]);
  });
});

describe("markers at the edge", () => {
  const inset = { top: 20, right: 20, bottom: 20, left: 20 };
  const sought = (id: string, x: number, y: number, rank = 0): Sought => ({ id, x, y, rank, waits: rank > 0 });

  it("stand where the line from the middle leaves the field, and point there", () => {
    const [marker] = edgeMarkers([sought("a", 4000, 300)], 800, 600, inset);
    expect(marker).toMatchObject({ x: 780, y: 300, ids: ["a"] });
    expect(marker!.angle).toBeCloseTo(0, 9);
    expect(edgeMarkers([sought("a", 400, -900)], 800, 600, inset)[0]).toMatchObject({ x: 400, y: 20 });
    const corner = edgeMarkers([sought("a", 8000, 6000)], 800, 600, inset)[0]!;
    expect(corner.x).toBeLessThanOrEqual(780);
    expect(corner.y).toBeLessThanOrEqual(580);
  });

  it("are one where they would hide each other: the worst first, with all that it stands for", () => {
    const found = edgeMarkers([sought("warned", 4000, 310, 2), sought("breach", 4000, 300), sought("other", -900, 300)], 800, 600, inset);
    expect(found.map((one) => one.ids)).toEqual([["breach", "warned"], ["other"]]);
    expect(found[0]).toMatchObject({ rank: 0, waits: true });
  });
});

describe("pointing at the map", () => {
  const [xs, ys] = [[100, 108, 140], [100, 100, 100]];

  it("means who is on the point, the topmost of several, else the nearest within reach", () => {
    expect(nearest([0, 1, 2], xs, ys, 103, 100, 22)).toBe(1);
    expect(nearest([1, 0, 2], xs, ys, 103, 100, 22)).toBe(0);
    expect(nearest([0, 1, 2], xs, ys, 160, 100, 22)).toBe(2);
    expect(nearest([0, 1, 2], xs, ys, 163, 100, 22)).toBeNull();
    expect(nearest([0, 1, 2], xs, ys, 100, 116, 8)).toBeNull();
  });
});

describe("the pictures of marks", () => {
  it("are one for each of 72 headings", () => {
    const clear = { level: "clear", breachEdge: false } as const;
    const all = new Set(Array.from({ length: 360 }, (_, heading) => spriteIndex(clear, false, heading, false)));
    expect(all.size).toBe(HEADINGS);
    expect(spriteIndex(clear, false, 359.9, false)).toBe(spriteIndex(clear, false, 0, false));
    expect(spriteIndex(clear, true, 90, false)).toBe(spriteIndex(clear, true, null, false));
    expect(spriteIndex({ level: "lost", breachEdge: true }, false, 0, false)).not.toBe(spriteIndex({ level: "lost", breachEdge: false }, false, 0, false));
  });
});
