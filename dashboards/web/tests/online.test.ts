import { afterEach, describe, expect, it, vi } from "vitest";
import { intervalMs } from "../src/live";
import { fetchStyle, isAway, unreachable } from "../src/map/online";
import { styleOf } from "../src/map/style";

const ADDRESS = "https://maps.example.org/style.json";
const STYLE = {
  version: 8 as const,
  glyphs: "https://maps.example.org/{fontstack}/{range}.pbf",
  sources: { theirs: { type: "vector" as const, url: "https://maps.example.org/tiles.json" } },
  layers: [
    { id: "ground", type: "background" as const },
    { id: "towns", type: "symbol" as const, source: "theirs", "source-layer": "towns", layout: { "text-font": ["Noto Sans"] } },
  ],
};

vi.stubGlobal("document", { baseURI: "http://127.0.0.1/" });
afterEach(() => vi.restoreAllMocks());

describe("an online base map", () => {
  const answer = (response: Response | Error): void => {
    vi.spyOn(globalThis, "fetch").mockImplementation(() => (response instanceof Error ? Promise.reject(response) : Promise.resolve(response)));
  };

  it("is a MapLibre style, or a sentence why it is none", async () => {
    answer(Response.json(STYLE));
    expect((await fetchStyle(ADDRESS)).layers).toHaveLength(2);
    answer(Response.json({ version: 7 }));
    await expect(fetchStyle(ADDRESS)).rejects.toThrow("no MapLibre style");
    answer(new Response("<html>"));
    await expect(fetchStyle(ADDRESS)).rejects.toThrow("no MapLibre style");
    answer(new Response("", { status: 503 }));
    await expect(fetchStyle(ADDRESS)).rejects.toThrow("the server answered 503");
    answer(new TypeError("Failed to fetch"));
    await expect(fetchStyle(ADDRESS)).rejects.toThrow("no connection");
    expect(unreachable(ADDRESS, "no connection")).toContain("(maps.example.org) cannot be used: no connection. The offline map is shown");
  });

  it("is away when its server fails or refuses, and not when a tile is not there", () => {
    for (const status of [0, 401, 429, 500, 503]) expect(isAway({ status })).toBe(true);
    expect(isAway({ status: 404 })).toBe(false);
    expect(isAway(new TypeError("Failed to fetch"))).toBe(true);
    expect(isAway(new Error("a layer is wrong"))).toBe(false);
  });

  it("lies below the zones, whose names are written in a font that it has", () => {
    const style = styleOf(() => "#000", STYLE);
    expect(style.layers[0]?.id).toBe("ground");
    expect(Object.keys(style.sources)).toEqual(["theirs", "wedgetail-grid", "wedgetail-zones", "wedgetail-zone-labels"]);
    const names = style.layers.find((layer) => layer.id === "wedgetail-zone-names");
    expect(names?.type === "symbol" && names.layout?.["text-font"]).toEqual(["Noto Sans"]);
    expect(styleOf(() => "#000", null).glyphs).toBeUndefined();
  });
});

describe("how often positions are asked for", () => {
  it("is ten times a second, and less often for a fleet that would take the page all its time", () => {
    expect([1, 1_500, 1_501, 10_000].map(intervalMs)).toEqual([100, 100, 200, 700]);
  });
});
