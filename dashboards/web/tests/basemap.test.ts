import { describe, expect, it } from "vitest";
import { basemap, type City, type Topology } from "../basemap/derive";

/** Two states that share an arc, and two lands: one around Australia, one far away. */
const transform = { scale: [1, 1], translate: [0, 0] } as Topology["transform"];
const units: Topology = {
  transform,
  arcs: [[[130, -30], [0, 5]], [[130, -25], [5, 0], [0, -5], [-5, 0]], [[130, -30], [-5, 0], [0, 5], [5, 0]]],
  objects: {
    subunits: {
      geometries: [
        { type: "MultiPolygon", id: "SA", arcs: [[[0, 1]]], properties: { gu: "AUS", ct: [132, -27] } },
        { type: "MultiPolygon", id: "WA", arcs: [[[~0, 2]]], properties: { gu: "AUS", ct: [128, -27] } },
        { type: "MultiPolygon", id: "TX", arcs: [[[0, 1]]], properties: { gu: "USA", ct: [0, 0] } },
      ],
    },
  },
};
const land: Topology = {
  transform,
  arcs: [[[130, -30], [2, 0], [0, 2]], [[132, -28], [-2, -2]], [[0, 50], [5, 0], [0, 5], [-5, -5]]],
  objects: { land: { geometries: [{ type: "MultiPolygon", arcs: [[[0, 1]], [[2]]] }] } },
};
const city = (name: string, featureCode: string, population: number, country = "AU"): City => ({
  name, country, featureCode, population, loc: { coordinates: [149.123456, -35.3] },
});

describe("the offline base map", () => {
  const cities = [city("Suburb", "PPLX", 2_000), city("Canberra", "PPLC", 367_752), city("Town", "PPL", 6_000), city("Paris", "PPLC", 1, "FR")];
  const { features } = basemap(land, units, cities, [{ code: "YSCB", name: "Canberra", lon: 149.195, lat: -35.307, iata: true }]);
  const of = (layer: string) => features.filter((one) => one.properties?.layer === layer);

  it("has the lands around Australia as closed rings", () => {
    expect(of("land").map((one) => one.geometry)).toEqual([
      { type: "Polygon", coordinates: [[[130, -30], [132, -30], [132, -28], [130, -30]]] },
    ]);
  });

  it("has the borders that two states share, and their names", () => {
    expect(of("border")[0]?.geometry).toEqual({ type: "MultiLineString", coordinates: [[[130, -30], [130, -25]]] });
    expect(of("state").map((one) => one.properties?.name)).toEqual(["South Australia", "Western Australia"]);
  });

  it("names capitals from afar and suburbs from near, and nobody else's places", () => {
    expect(of("place").map((one) => [one.properties?.name, one.properties?.zoom])).toEqual([["Canberra", 3], ["Town", 8], ["Suburb", 12]]);
    expect(of("place")[0]?.geometry).toEqual({ type: "Point", coordinates: [149.1235, -35.3] });
    expect(of("aerodrome")[0]?.properties).toMatchObject({ code: "YSCB", zoom: 8 });
  });
});
