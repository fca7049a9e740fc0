// A zone as a person types it, into what the door reads. What the door itself can judge is left to it. Pure.

export const DATUMS = ["AGL", "AMSL", "TAKEOFF", "FL", "WGS84"] as const;
export type Datum = (typeof DATUMS)[number];

export interface TypedZone {
  /** Corners, one a line, longitude before latitude; or GeoJSON. */
  text: string;
  name: string;
  kind: "keep_out" | "keep_in";
  /** Metres; empty: from the ground up, and without a ceiling. */
  floor: string;
  floorDatum: Datum;
  ceiling: string;
  ceilingDatum: Datum;
}

export const NO_ZONE: TypedZone = {
  text: "", name: "What if", kind: "keep_out", floor: "", floorDatum: "AGL", ceiling: "", ceilingDatum: "AGL",
};

/** Whether the text says by itself what the zone asks: then the fields beside it are not used. */
export function saysAll(text: string): boolean {
  const type = geojson(text)?.type;
  return type === "Feature" || type === "FeatureCollection";
}

function geojson(text: string): { type?: unknown } | null {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null ? found : null;
  } catch {
    return null;
  }
}

/** The zone as GeoJSON. Throws with words for a person. */
export function readZone(typed: TypedZone): object {
  const found = geojson(typed.text);
  if (found !== null && saysAll(typed.text)) return found;
  if (found === null && typed.text.trim().startsWith("{")) throw new Error("This is no JSON: a brace, a comma or a quote is missing.");
  return {
    type: "Feature",
    geometry: found ?? { type: "Polygon", coordinates: [corners(typed.text)] },
    properties: {
      name: typed.name.trim(),
      kind: typed.kind,
      ...limit("floor", typed.floor, typed.floorDatum),
      ...limit("ceiling", typed.ceiling, typed.ceilingDatum),
    },
  };
}

function limit(which: "floor" | "ceiling", text: string, datum: Datum): object {
  if (text.trim() === "") return {};
  const metres = Number(text);
  if (!Number.isFinite(metres)) throw new Error(`The ${which} is no number: ${text}`);
  return { [`${which}_m`]: metres, [`${which}_datum`]: datum };
}

/** A closed ring. */
function corners(text: string): [number, number][] {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const ring = lines.map((line, index): [number, number] => {
    const numbers = line.split(/[\s,;]+/).filter((part) => part !== "").map(Number);
    const [lon, lat] = numbers;
    if (numbers.length !== 2 || !numbers.every(Number.isFinite)) {
      throw new Error(`Corner ${index + 1} is not a longitude and a latitude in degrees: ${line}`);
    }
    if (Math.abs(lat!) > 90 && Math.abs(lon!) <= 90) throw new Error(`Corner ${index + 1}: longitude stands before latitude.`);
    return [lon!, lat!];
  });
  if (ring.length < 3) throw new Error("A zone needs three corners at least, one on each line: longitude, latitude.");
  const [first, last] = [ring[0]!, ring.at(-1)!];
  return first[0] === last[0] && first[1] === last[1] ? ring : [...ring, first];
}
