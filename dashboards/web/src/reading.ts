// What the server sent, looked at before anything believes it: a message that cannot be read must not break the page.

import type {
  Acknowledgement,
  Aircraft,
  Alert,
  AlertMessage,
  Around,
  AroundMessage,
  Changes,
  ErrorMessage,
  Guidance,
  Heartbeat,
  Height,
  Hello,
  NearBoundary,
  Reason,
  Rules,
  ServerMessage,
  Snapshot,
  ZonesChanged,
} from "./protocol";

/** Ten thousand aircraft are 12 million characters. */
export const LONGEST = 16 << 20;

/** A message that this page cannot read; its words say what of it. */
export class Unreadable extends Error {}

/** Where a value is wrong and what stands there, such as `.aircraft[3].level: "purple"`; null: nowhere. */
type Check<T> = ((value: unknown) => string | null) & { readonly of?: T };

const shown = (value: unknown): string => `: ${(JSON.stringify(typeof value === "string" ? value.slice(0, 40) : value) ?? "nothing").slice(0, 42)}`;
const when = <T>(holds: (value: unknown) => boolean): Check<T> => (value) => (holds(value) ? null : shown(value));

const text: Check<string> = when((value) => typeof value === "string");
const flag: Check<boolean> = when((value) => typeof value === "boolean");
const figure: Check<number> = when(Number.isFinite);
const within = (least: number, most: number): Check<number> => when((value) => typeof value === "number" && value >= least && value <= most);
const word = <T extends string>(...words: T[]): Check<T> => when((value) => words.includes(value as T));
const orNull =
  <T>(inner: Check<T>): Check<T | null> =>
  (value) =>
    value === null ? null : inner(value);

function list<T>(inner: Check<T>): Check<T[]> {
  return (value) => {
    if (!Array.isArray(value)) return shown(value);
    for (let at = 0; at < value.length; at += 1) {
      const wrong = inner(value[at]);
      if (wrong !== null) return `[${at}]${wrong}`;
    }
    return null;
  };
}

/** Every member of T is checked, which the compiler sees to; what a newer server says besides is passed over. */
function object<T extends object>(members: { [K in keyof T]-?: Check<T[K]> }): Check<T> {
  const checks = Object.entries(members) as [string, Check<unknown>][];
  return (value) => {
    if (typeof value !== "object" || value === null) return shown(value);
    for (const [name, check] of checks) {
      const wrong = check((value as Record<string, unknown>)[name]);
      if (wrong !== null) return `.${name}${wrong}`;
    }
    return null;
  };
}

const level = word("breach", "lost", "warning", "unknown", "clear");
const lon = orNull(within(-180, 180));
const lat = orNull(within(-90, 90));
const figureOrNull = orNull(figure);
const textOrNull = orNull(text);

const aircraft = object<Aircraft>({
  id: text,
  operator_id: text,
  name: textOrNull,
  link: text,
  link_name: textOrNull,
  system_id: figure,
  vehicle_type: figureOrNull,
  replay: flag,
  partition: figure,
  event_time: text,
  position_time: textOrNull,
  lon,
  lat,
  no_position: textOrNull,
  amsl_m: figureOrNull,
  takeoff_height_m: figureOrNull,
  agl_m: figureOrNull,
  agl_source: textOrNull,
  height: orNull(object<Height>({ m: figure, datum: text, source: textOrNull, margin_m: figureOrNull })),
  speed_mps: figureOrNull,
  climb_mps: figureOrNull,
  heading_deg: figureOrNull,
  course_deg: figureOrNull,
  battery_pct: figureOrNull,
  battery_age_s: figureOrNull,
  fix_type: figureOrNull,
  satellites: figureOrNull,
  mode: textOrNull,
  mode_age_s: figureOrNull,
  armed: orNull(flag),
  airborne: orNull(flag),
  ended: flag,
  level,
  reasons: list(object<Reason>({ alert_id: textOrNull, rule: text, level, what: text })),
});

const handled = orNull(object<Acknowledgement>({ n: figure, station: text, at: text }));

const alert = object<Alert>({
  id: text,
  n: figure,
  operator_id: text,
  aircraft_id: text,
  aircraft_name: textOrNull,
  link_name: textOrNull,
  system_id: figureOrNull,
  rule: text,
  zone_id: textOrNull,
  zone_name: textOrNull,
  zone_versions: list(figure),
  level,
  condition: word("raised", "worsened", "cleared"),
  state: word("unacknowledged", "acknowledged", "cleared_unacknowledged", "cleared"),
  start: text,
  triggered_at: text,
  published_at: textOrNull,
  raised_at: textOrNull,
  cleared_at: textOrNull,
  what: text,
  way_back: textOrNull,
  guidance_at: textOrNull,
  beyond_m: figureOrNull,
  ahead_s: figureOrNull,
  height_m: figureOrNull,
  height_datum: textOrNull,
  height_source: textOrNull,
  lon,
  lat,
  acknowledged: handled,
  pilot_saw: handled,
  imported: flag,
  confirmed: flag,
});

const stamped = {
  server_time: when<string>((value) => typeof value === "string" && !Number.isNaN(Date.parse(value))),
  rules: object<Rules>({ judged_up_to: textOrNull, running: flag, since: textOrNull }),
};

const boundary = object<NearBoundary>({
  zone_id: text,
  zone_name: text,
  kind: word("keep_in", "keep_out", "information"),
  inside: flag,
  distance_m: figure,
  bearing_deg: figure,
  seconds: figureOrNull,
});

const around = object<Around>({
  as_of: textOrNull,
  limit: orNull(object<NonNullable<Around["limit"]>>({ m: figure, datum: word("AGL"), by: text })),
  boundary: orNull(boundary),
  reach_m: figure,
  problem: textOrNull,
});

const guided = object<Guidance["alerts"][number]>({
  id: text,
  what: text,
  way_back: textOrNull,
  beyond_m: figureOrNull,
  ahead_s: figureOrNull,
  guidance_at: text,
});

const MESSAGES: { [M in ServerMessage as M["type"]]: Check<M> } = {
  hello: object<Hello>({
    ...stamped,
    type: word("hello"),
    version: text,
    protocol: figure,
    pilot: orNull(object<NonNullable<Hello["pilot"]>>({ name: text, aircraft_id: text, expires_at: text })),
    operator: object<Hello["operator"]>({ id: text, name: text, title: text }),
    timezone: text,
    heartbeat_ms: figure,
    frame_ms: figure,
    map_style: textOrNull,
  }),
  snapshot: object<Snapshot>({ ...stamped, type: word("snapshot"), subscription: text, aircraft: list(aircraft), alerts: list(alert) }),
  changes: object<Changes>({ ...stamped, type: word("changes"), subscription: text, aircraft: list(aircraft), gone: list(text) }),
  alert: object<AlertMessage>({ ...stamped, type: word("alert"), subscription: text, alert }),
  guidance: object<Guidance>({ ...stamped, type: word("guidance"), subscription: text, alerts: list(guided) }),
  zones: object<ZonesChanged>({ ...stamped, type: word("zones") }),
  heartbeat: object<Heartbeat>({ ...stamped, type: word("heartbeat"), positions_at: textOrNull }),
  around: object<AroundMessage>({ ...stamped, type: word("around"), aircraft_id: text, around }),
  error: object<ErrorMessage>({ type: word("error"), code: text, detail: text, field: textOrNull }),
};

/** A message of the server, or null for one of a type that this page does not know (a newer server may say more). Throws Unreadable. */
export function read(data: unknown): ServerMessage | null {
  if (typeof data !== "string") throw new Unreadable("a message that is no text");
  if (data.length > LONGEST) throw new Unreadable(`a message of ${data.length} characters`);
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    throw new Unreadable(`no JSON${shown(data)}`);
  }
  const type = (value as { type?: unknown } | null)?.type;
  if (typeof type !== "string") throw new Unreadable(`a message without a type${shown(value)}`);
  if (!Object.hasOwn(MESSAGES, type)) return null;
  const message = value as ServerMessage;
  // Another version's hello may have other members: what counts is that its number can be read.
  if (message.type === "hello" && Number.isFinite(message.protocol) && stamped.server_time(message.server_time) === null) return message;
  const wrong = MESSAGES[message.type](value);
  if (wrong !== null) throw new Unreadable(`${type}${wrong}`);
  return message;
}
