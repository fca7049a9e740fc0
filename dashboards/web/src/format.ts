// Numbers, heights, ages and times as people read them. Nothing truncates a number; what is not known is a dash.

import { at } from "./clock";
import type { Aircraft, Height, Level, ZoneProperties } from "./protocol";

export const NOT_KNOWN = "–";

export const WORD: Record<Level, string> = {
  breach: "BREACH",
  lost: "LOST LINK",
  warning: "WARNING",
  unknown: "UNKNOWN",
  clear: "CLEAR",
};

/** 0.4 s, 12 s, 1:05, 2 h 05: coarser the older it is. tenths: with one decimal below 10 s (for the header's ages). */
export function age(seconds: number | null, tenths = false): string {
  if (seconds === null) return NOT_KNOWN;
  if (tenths && seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  if (whole < 172_800) return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")}`;
  return `${Math.floor(whole / 86_400)} d`;
}

/** How long something lasts, always with minutes: 0:14, 12:03, 1:02:03. */
export function duration(seconds: number | null): string {
  if (seconds === null) return NOT_KNOWN;
  const whole = Math.floor(seconds);
  const tail = String(whole % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}:${tail}`
    : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${tail}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    const options = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short" } as const;
    try {
      format = new Intl.DateTimeFormat("en-AU", { ...options, timeZone: zone });
    } catch {
      // A zone this browser does not know: UTC says so itself, since every time carries its zone.
      format = new Intl.DateTimeFormat("en-AU", { ...options, timeZone: "UTC" });
    }
    formats.set(zone, format);
  }
  return format;
}

/** 03:12:04 AEST */
export function clockTime(ms: number | null, zone: string): string {
  if (ms === null) return NOT_KNOWN;
  const parts = Object.fromEntries(formatOf(zone).formatToParts(ms).map((part) => [part.type, part.value]));
  return `${parts.hour}:${parts.minute}:${parts.second} ${parts.timeZoneName}`;
}

/** 03:12:04 AEST (17:12:04 UTC), each with its date before it when that is another day than now's. */
export function momentTime(ms: number | null, nowMs: number | null, zone: string): string {
  if (ms === null) return NOT_KNOWN;
  const known = formatOf(zone).resolvedOptions().timeZone;
  const dated = nowMs === null || Math.abs(nowMs - ms) >= 12 * 3_600_000;
  const said = (of: string): string =>
    `${dated ? `${new Intl.DateTimeFormat("en-CA", { timeZone: of, dateStyle: "short" }).format(ms)} ` : ""}${clockTime(ms, of)}`;
  return known === "UTC" ? said("UTC") : `${said(known)} (${said("UTC")})`;
}

export function number(value: number | null, unit: string, digits = 0): string {
  if (value === null || !Number.isFinite(value)) return NOT_KNOWN;
  const fixed = value.toFixed(digits);
  return `${/^-0\.?0*$/.test(fixed) ? fixed.slice(1) : fixed}${unit === "" ? "" : ` ${unit}`}`.replace("-", "−");
}

/** 118 m AGL */
export function heightValue(height: Height | null): string {
  return height === null ? "no height" : `${number(height.m, "m")} ${height.datum}`;
}

/** Where a height comes from and how far it may be off: terrain model ±15 m. Empty without a height. */
export function heightSource(height: Height | null): string {
  if (height === null) return "";
  const margin = height.margin_m !== null && height.margin_m > 0 ? `±${number(height.margin_m, "m")}` : "";
  return [height.source ?? "source not named", margin].filter((part) => part !== "").join(" ");
}

/** The registered name; an unregistered aircraft is who the link says it is: its system there. */
export function aircraftName(of: { name: string | null; system_id: number | null }): string {
  return of.name ?? `System ${of.system_id ?? NOT_KNOWN}`;
}

/** The link of an unregistered aircraft, without which its system says little; null for a registered one. */
export function unregisteredLink(of: { name: string | null; link_name: string | null }): string | null {
  return of.name === null ? (of.link_name ?? "link not named") : null;
}

const MISSING: Record<string, string> = {
  "not sent": "no position sent",
  zero: "no GPS fix (0, 0)",
  impossible: "impossible position",
};

/** Why the last position sample had no position, in words; null when it had one. */
export function positionProblem(aircraft: Pick<Aircraft, "no_position" | "lon">): string | null {
  if (aircraft.no_position !== null) return MISSING[aircraft.no_position] ?? aircraft.no_position;
  return aircraft.lon === null ? "no position sent" : null;
}

const DATUM: Record<string, string> = { TAKEOFF: "above take-off", WGS84: "above the ellipsoid" };

function limit(m: number | null, datum: string, none: string): string {
  if (datum === "SFC") return "ground";
  if (m === null) return none;
  if (datum === "FL") return `FL${String(Math.round(m / 30.48)).padStart(3, "0")}`;
  return `${number(m, "m")} ${DATUM[datum] ?? datum}`;
}

/** ground to 120 m AGL */
export function zoneLimits(zone: ZoneProperties): string {
  const floor = zone.floor_m === null ? "ground" : limit(zone.floor_m, zone.floor_datum, "ground");
  const ceiling = zone.ceiling_m === null ? "no ceiling" : limit(zone.ceiling_m, zone.ceiling_datum, "no ceiling");
  return `${floor} to ${ceiling}`;
}

export const ZONE_KIND = { keep_in: "KEEP IN", keep_out: "KEEP OUT", information: "INFORMATION" } as const;

const ACTIVATION = {
  always: null,
  timetable: "active by its timetable",
  by_hand: "active only when switched on",
  unknown: "activation not known",
} as const;

/** When a zone asks what it asks, in words; null for always. What people switched for now has the last word. */
export function zoneActivation(zone: ZoneProperties, nowMs: number | null): string | null {
  const said = zone.switched.filter((one) => nowMs !== null && (at(one.from) ?? nowMs) <= nowMs && nowMs < (at(one.to) ?? nowMs));
  const last = said.at(-1);
  if (last !== undefined) return last.active ? "switched active" : "switched inactive";
  return ACTIVATION[zone.activation];
}

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** The local hours of a timetable: 08:00 to SS-30, Mon Tue (Australia/Sydney). SR and SS are sunrise and sunset. */
export function zoneHours({ timezone, spans }: NonNullable<ZoneProperties["timetable"]>): string {
  const said = spans.map(({ start, end, days = [] }) => `${start} to ${end}${days.length === 0 ? "" : ` ${days.map((day) => DAYS[day]).join(" ")}`}`);
  return `${said.join(", ")} (${timezone})`;
}
