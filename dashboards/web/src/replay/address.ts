// What the page shows, as its address: a link opens the same again. The token is never part of it. Pure.

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16] as const;
export type Speed = (typeof SPEEDS)[number];
export type HeightDatum = "agl" | "amsl";
/** Milliseconds since 1970, from <= t < to. */
export type Range = [from: number, to: number];

export interface MapPlace {
  lon: number;
  lat: number;
  zoom: number;
}

export interface Address {
  aircraft: readonly string[];
  range: Range | null;
  /** The cursor, milliseconds since 1970; null: where the range begins. */
  at: number | null;
  speed: Speed;
  selected: string | null;
  height: HeightDatum;
  /** The part of the range that the charts show; null: all of it. */
  shown: Range | null;
  map: MapPlace | null;
}

export const NOWHERE: Address = {
  aircraft: [],
  range: null,
  at: null,
  speed: 1,
  selected: null,
  height: "agl",
  shown: null,
  map: null,
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function time(text: string | null | undefined): number | null {
  const ms = text === null || text === undefined ? Number.NaN : Date.parse(text);
  return Number.isFinite(ms) ? ms : null;
}

function range(from: string | null | undefined, to: string | null | undefined): Range | null {
  const [begin, end] = [time(from), time(to)];
  return begin !== null && end !== null && begin < end ? [begin, end] : null;
}

function place(text: string | null): MapPlace | null {
  const numbers = (text ?? "").split(",").map(Number);
  const [lon, lat, zoom] = numbers;
  if (numbers.length !== 3 || !numbers.every(Number.isFinite)) return null;
  return Math.abs(lon!) <= 180 && Math.abs(lat!) <= 90 ? { lon: lon!, lat: lat!, zoom: zoom! } : null;
}

const within = (ms: number, [from, to]: Range): number => Math.min(Math.max(ms, from), to);

/** The address that a query says. What cannot be read is as if it were not there. */
export function readAddress(query: string): Address {
  const said = new URLSearchParams(query);
  const whole = range(said.get("from"), said.get("to"));
  const aircraft = (said.get("aircraft") ?? "").toLowerCase().split(",").filter((id) => UUID.test(id));
  const selected = said.get("selected");
  const at = time(said.get("at"));
  const [begin, end] = (said.get("shown") ?? "").split("/");
  const part = range(begin, end);
  return {
    aircraft: [...new Set(aircraft)],
    range: whole,
    at: whole === null || at === null ? at : within(at, whole),
    speed: SPEEDS.find((one) => String(one) === said.get("speed")) ?? 1,
    selected: selected !== null && aircraft.includes(selected) ? selected : null,
    height: said.get("height") === "amsl" ? "amsl" : "agl",
    shown: whole === null || part === null || part[1] <= whole[0] || part[0] >= whole[1] ? null : part,
    map: place(said.get("map")),
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** The query that says an address; empty when there is nothing to say. */
export function writeAddress(address: Address): string {
  const said: [string, string | null][] = [
    ["aircraft", address.aircraft.length > 0 ? address.aircraft.join(",") : null],
    ["from", address.range && iso(address.range[0])],
    ["to", address.range && iso(address.range[1])],
    ["at", address.at === null ? null : iso(address.at)],
    ["speed", address.speed === 1 ? null : String(address.speed)],
    ["selected", address.selected],
    ["height", address.height === "agl" ? null : address.height],
    ["shown", address.shown && `${iso(address.shown[0])}/${iso(address.shown[1])}`],
    ["map", address.map && `${address.map.lon.toFixed(6)},${address.map.lat.toFixed(6)},${address.map.zoom.toFixed(2)}`],
  ];
  const kept = said.filter((one): one is [string, string] => one[1] !== null);
  // Commas, colons and slashes may stand in a query as they are: people read these.
  return kept.length === 0 ? "" : `?${kept.map(([name, value]) => `${name}=${value}`).join("&")}`;
}

const BEFORE_MS = 300_000;
const AFTER_MS = 120_000;
export const LEAD_MS = 30_000;

/** The replay of an alert: its aircraft, paused 30 s before it began. nowMs: what has not happened is not shown. */
export function alertAddress(
  alert: { aircraft_id: string; start: string; cleared_at: string | null },
  nowMs: number | null,
): Address {
  const start = Date.parse(alert.start);
  const end = (time(alert.cleared_at) ?? nowMs ?? start) + AFTER_MS;
  const to = Math.max(start + AFTER_MS, nowMs === null ? end : Math.min(end, nowMs + 1_000));
  return { ...NOWHERE, aircraft: [alert.aircraft_id], range: [start - BEFORE_MS, to], at: start - LEAD_MS, selected: alert.aircraft_id };
}
