// The offline base map of Australia, made at build time out of what packages carry. Pure.
//
// Coast: Natural Earth 1:10 million; borders of the states: Natural Earth 1:50 million (both public domain). Places: GeoNames
// (CC BY 4.0). Aerodromes: airportsdata (MIT).

import type { Feature, FeatureCollection, Position } from "geojson";

export interface Topology {
  transform: { scale: [number, number]; translate: [number, number] };
  arcs: [number, number][][];
  objects: Record<string, { geometries: Geometry[] }>;
}

interface Geometry {
  type: string;
  id?: string;
  arcs?: number[][] | number[][][];
  properties?: { ct?: [number, number]; gu?: string };
}

export interface City {
  name: string;
  country: string;
  featureCode: string;
  population: number;
  loc: { coordinates: [number, number] };
}

export interface Aerodrome {
  code: string;
  name: string;
  lon: number;
  lat: number;
  /** Has scheduled flights, as far as a code of the airlines tells. */
  iata: boolean;
}

/** West, south, east, north: the country, its islands, and enough around it to know where one is. */
const AROUND = [94, -56, 170, -4] as const;
const STATES: Record<string, string> = {
  WA: "Western Australia", NT: "Northern Territory", SA: "South Australia", QL: "Queensland", NS: "New South Wales", VI: "Victoria",
  TS: "Tasmania",
};

export function basemap(land: Topology, units: Topology, cities: readonly City[], aerodromes: readonly Aerodrome[]): FeatureCollection {
  return {
    type: "FeatureCollection",
    features: [...coast(land), ...borders(units), ...stateNames(units), ...places(cities), ...aerodromes.map(field)],
  };
}

/** An arc's corners in degrees; a negative number is an arc backwards. */
function corners(of: Topology, arc: number): Position[] {
  const { scale, translate } = of.transform;
  let [x, y] = [0, 0];
  const found = of.arcs[arc < 0 ? ~arc : arc]!.map(([right, up]): Position => {
    x += right;
    y += up;
    return [rounded(x * scale[0] + translate[0], 4), rounded(y * scale[1] + translate[1], 4)];
  });
  return arc < 0 ? found.reverse() : found;
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

function ring(of: Topology, arcs: readonly number[]): Position[] {
  // The last corner of an arc is the first of the next.
  return arcs.flatMap((arc, index) => corners(of, arc).slice(index === 0 ? 0 : 1));
}

function coast(land: Topology): Feature[] {
  const polygons = Object.values(land.objects)
    .flatMap((object) => object.geometries)
    .flatMap((one) => (one.type === "MultiPolygon" ? (one.arcs as number[][][]) : [one.arcs as number[][]]))
    .map((rings) => rings.map((arcs) => ring(land, arcs)))
    .filter((rings) => within(rings[0]!));
  return polygons.map((coordinates) => ({ type: "Feature", geometry: { type: "Polygon", coordinates }, properties: { layer: "land" } }));
}

/** Whether an outline lies around Australia and is no other continent's; nor crosses longitude 180, where its edges would run round the world. */
function within(outline: readonly Position[]): boolean {
  const [west, south, east, north] = AROUND;
  const [xs, ys] = [outline.map((corner) => corner[0]!), outline.map((corner) => corner[1]!)];
  if (Math.max(...xs) - Math.min(...xs) > 180) return false;
  return Math.max(...xs) >= west && Math.min(...xs) <= east && Math.max(...ys) >= south && Math.min(...ys) <= north && Math.max(...ys) < 10;
}

const own = (units: Topology): Geometry[] => units.objects.subunits!.geometries.filter((one) => one.properties?.gu === "AUS");

/** Arcs that two states share. */
function borders(units: Topology): Feature[] {
  const times = new Map<number, number>();
  for (const arc of own(units).flatMap((one) => (one.arcs as number[][][]).flat(3))) {
    const forwards = arc < 0 ? ~arc : arc;
    times.set(forwards, (times.get(forwards) ?? 0) + 1);
  }
  const shared = [...times].filter(([, count]) => count > 1).map(([arc]) => corners(units, arc));
  return [{ type: "Feature", geometry: { type: "MultiLineString", coordinates: shared }, properties: { layer: "border" } }];
}

function stateNames(units: Topology): Feature[] {
  return own(units)
    .filter((one) => one.id !== undefined && one.id in STATES)
    .map((one) => point(one.properties!.ct!, { layer: "state", name: STATES[one.id!]! }));
}

function places(cities: readonly City[]): Feature[] {
  return cities
    .filter((one) => one.country === "AU")
    .sort((a, b) => b.population - a.population || (a.name < b.name ? -1 : 1))
    .map((one) => point(one.loc.coordinates, { layer: "place", name: one.name, zoom: zoomOf(one) }));
}

/** From which zoom a place is named: capitals from afar, suburbs only from near. */
function zoomOf({ featureCode, population }: City): number {
  if (featureCode === "PPLX") return population > 5_000 ? 11 : 12;
  if (featureCode === "PPLC" || featureCode === "PPLA") return 3;
  return population > 100_000 ? 5 : population > 20_000 ? 6 : population > 5_000 ? 8 : 9;
}

const field = ({ code, name, lon, lat, iata }: Aerodrome): Feature =>
  point([lon, lat], { layer: "aerodrome", name, code, zoom: iata ? 8 : 10 });

const point = (coordinates: Position, properties: Record<string, string | number>): Feature => ({
  type: "Feature",
  geometry: { type: "Point", coordinates: coordinates.map((degrees) => rounded(degrees, 4)) },
  properties,
});
