// The samples of a replay as they come: columns in one piece of binary (docs/replay.md). Pure.

import type { Box } from "../map/features";

export interface Track {
  id: string;
  /** How many samples are stored there; more than there are rows here when it is thinned. */
  stored: number;
  /** Milliseconds since 1970, rising. */
  time: Float64Array;
  /** Degrees x 1e7; NO_PLACE: no position. */
  lon: Int32Array;
  lat: Int32Array;
  /** The best height above ground at hand, metres; NaN: none. */
  height: Float32Array;
  amsl: Float32Array;
  ground: Float32Array;
  /** Of the height rule there, metres above ground; NaN: it does not ask. */
  limit: Float32Array;
  speed: Float32Array;
  /** Degrees x 100; NO_HEADING: not known. */
  heading: Uint16Array;
  /** Percent; NO_BATTERY: not known. */
  battery: Uint8Array;
  /** Into SOURCES. */
  source: Uint8Array;
  flags: Uint8Array;
}

export const NO_PLACE = -0x80000000;
export const NO_HEADING = 0xffff;
export const NO_BATTERY = 0xff;
/** Bits of flags. BROKEN: something is missing before this row, so no line leads to it. */
export const BROKEN = 1;
export const LATE = 2;

/** Longer than this between two samples nobody knows what was. */
const SILENCE_MS = 5_000;

/** How a height is told, by its source. */
export interface Source {
  word: string;
  datum: string;
  margin_m: number;
}

export interface Tracks {
  tracks: Track[];
  sources: Source[];
}

interface Header {
  sources: Source[];
  tracks: { aircraft_id: string; stored: number; rows: number; columns: Record<string, { at: number; type: ColumnType }> }[];
}

const TYPES = { f8: Float64Array, f4: Float32Array, i4: Int32Array, u2: Uint16Array, u1: Uint8Array } as const;
type ColumnType = keyof typeof TYPES;

/** Reads what GET /api/v1/replay/tracks gives. The columns are views of the piece, not copies. Throws on anything else. */
export function readTracks(piece: ArrayBuffer): Tracks {
  const length = new DataView(piece).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(piece, 4, length))) as Header;
  const begin = 4 + length;
  const tracks = header.tracks.map(({ aircraft_id, stored, rows, columns }) => {
    const column = <T extends ColumnType>(name: string, type: T): InstanceType<(typeof TYPES)[T]> => {
      const place = columns[name];
      if (place?.type !== type) throw new Error(`the server's tracks have no column ${name} of ${type}`);
      return new TYPES[type](piece, begin + place.at, rows) as InstanceType<(typeof TYPES)[T]>;
    };
    return {
      id: aircraft_id,
      stored,
      time: column("time_ms", "f8"),
      lon: column("lon_e7", "i4"),
      lat: column("lat_e7", "i4"),
      height: column("height_m", "f4"),
      amsl: column("amsl_m", "f4"),
      ground: column("ground_amsl_m", "f4"),
      limit: column("limit_agl_m", "f4"),
      speed: column("speed_mps", "f4"),
      heading: column("heading_cdeg", "u2"),
      battery: column("battery_pct", "u1"),
      source: column("height_source", "u1"),
      flags: column("flags", "u1"),
    };
  });
  return { tracks, sources: header.sources };
}

type Columns = { [K in keyof Track as Track[K] extends ArrayLike<number> ? (Track[K] extends string ? never : K) : never]: Track[K] };
const COLUMNS = ["time", "lon", "lat", "height", "amsl", "ground", "limit", "speed", "heading", "battery", "source", "flags"] as const satisfies (keyof Columns)[];

/** Two stretches of one aircraft as one, the earlier first. */
export function joined(first: Track, second: Track): Track {
  const track = { ...first, stored: first.stored + second.stored };
  for (const name of COLUMNS) {
    const made = new (first[name].constructor as new (length: number) => Float64Array)(first[name].length + second[name].length);
    made.set(first[name]);
    made.set(second[name], first[name].length);
    Object.assign(track, { [name]: made });
  }
  const seam = first.time.length;
  // What is missing across the seam nobody has marked.
  if (seam > 0 && seam < track.time.length && track.time[seam]! - track.time[seam - 1]! > SILENCE_MS) track.flags[seam]! |= BROKEN;
  return track;
}

/** West, south, east, north of everywhere that these were, degrees; null: nowhere. */
export function boxAround(tracks: Iterable<Track>): Box | null {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { lon, lat } of tracks) {
    for (let row = 0; row < lon.length; row += 1) {
      const [x, y] = [lon[row]!, lat[row]!];
      if (x === NO_PLACE) continue;
      if (x < west) west = x;
      if (x > east) east = x;
      if (y < south) south = y;
      if (y > north) north = y;
    }
  }
  return west <= east ? [west / 1e7, south / 1e7, east / 1e7, north / 1e7] : null;
}

export const thinned = (track: Track): boolean => track.stored > track.time.length;

/** The last row at or before a time; -1: none. */
export function rowAt(track: Track, ms: number): number {
  let [low, high] = [0, track.time.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (track.time[middle]! <= ms) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
