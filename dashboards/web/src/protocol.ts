// The words of /api/v1 as they stand on the wire. Times are ISO 8601 with Z; every number has its unit in its name.

/** What this page was made for. A server of another number would be misread: the page stops and asks to be loaded again. */
export const PROTOCOL = 1;

export type Level = "breach" | "lost" | "warning" | "unknown" | "clear";
export type Handling = "unacknowledged" | "acknowledged" | "cleared_unacknowledged" | "cleared";

export interface Reason {
  alert_id: string | null;
  rule: string;
  level: Level;
  what: string;
}

export interface Height {
  m: number;
  datum: string;
  source: string | null;
  margin_m: number | null;
}

export interface Aircraft {
  id: string;
  operator_id: string;
  name: string | null;
  link: string;
  link_name: string | null;
  system_id: number;
  vehicle_type: number | null;
  replay: boolean;
  partition: number;
  event_time: string;
  position_time: string | null;
  lon: number | null;
  lat: number | null;
  no_position: string | null;
  amsl_m: number | null;
  takeoff_height_m: number | null;
  agl_m: number | null;
  agl_source: string | null;
  height: Height | null;
  speed_mps: number | null;
  climb_mps: number | null;
  heading_deg: number | null;
  /** Over ground, degrees true; null where it is not known, or does not move. */
  course_deg: number | null;
  battery_pct: number | null;
  battery_age_s: number | null;
  fix_type: number | null;
  satellites: number | null;
  mode: string | null;
  mode_age_s: number | null;
  armed: boolean | null;
  airborne: boolean | null;
  ended: boolean;
  level: Level;
  reasons: Reason[];
}

export interface Acknowledgement {
  n: number;
  station: string;
  at: string;
}

export interface Alert {
  id: string;
  n: number;
  operator_id: string;
  aircraft_id: string;
  aircraft_name: string | null;
  link_name: string | null;
  system_id: number | null;
  rule: string;
  zone_id: string | null;
  zone_name: string | null;
  zone_versions: number[];
  level: Level;
  condition: "raised" | "worsened" | "cleared";
  state: Handling;
  start: string;
  triggered_at: string;
  published_at: string | null;
  raised_at: string | null;
  cleared_at: string | null;
  what: string;
  way_back: string | null;
  guidance_at: string | null;
  beyond_m: number | null;
  /** Of a warning of what comes: seconds from guidance_at, if nothing changes. */
  ahead_s: number | null;
  height_m: number | null;
  height_datum: string | null;
  height_source: string | null;
  lon: number | null;
  lat: number | null;
  acknowledged: Acknowledgement | null;
  /** Its pilot saw it: that acknowledges nothing. */
  pilot_saw: Acknowledgement | null;
  imported: boolean;
  confirmed: boolean;
}

export interface Rules {
  judged_up_to: string | null;
  running: boolean;
  since: string | null;
}

interface Stamped {
  server_time: string;
  rules: Rules;
}

export interface Hello extends Stamped {
  type: "hello";
  version: string;
  protocol: number;
  /** Whose link the token is of; null: the dispatcher's. */
  pilot: { name: string; aircraft_id: string; expires_at: string } | null;
  operator: { id: string; name: string; title: string };
  timezone: string;
  /** The address of an online MapLibre style; null: the offline base map. */
  map_style: string | null;
  heartbeat_ms: number;
  frame_ms: number;
}

export interface Snapshot extends Stamped {
  type: "snapshot";
  subscription: string;
  aircraft: Aircraft[];
  alerts: Alert[];
}

export interface Changes extends Stamped {
  type: "changes";
  subscription: string;
  aircraft: Aircraft[];
  gone: string[];
}

export interface AlertMessage extends Stamped {
  type: "alert";
  subscription: string;
  alert: Alert;
}

export interface Guidance extends Stamped {
  type: "guidance";
  subscription: string;
  alerts: { id: string; what: string; way_back: string | null; beyond_m: number | null; ahead_s: number | null; guidance_at: string }[];
}

export interface ZonesChanged extends Stamped {
  type: "zones";
}

/** The boundary that is met first, else the nearest; sideways. */
export interface NearBoundary {
  zone_id: string;
  zone_name: string;
  kind: "keep_in" | "keep_out" | "information";
  inside: boolean;
  distance_m: number;
  /** From the aircraft, degrees true. */
  bearing_deg: number;
  /** Flying on like this; null: not within 10 s. */
  seconds: number | null;
}

export interface Around {
  as_of: string | null;
  limit: { m: number; datum: "AGL"; by: string } | null;
  boundary: NearBoundary | null;
  reach_m: number;
  problem: string | null;
}

/** To pilots alone. */
export interface AroundMessage extends Stamped {
  type: "around";
  aircraft_id: string;
  around: Around;
}

export interface PilotLink {
  link_id: string;
  aircraft_id: string;
  name: string;
  expires_at: string;
  url: string;
  beyond_this_machine: boolean;
}

export interface Heartbeat extends Stamped {
  type: "heartbeat";
  positions_at: string | null;
}

export interface ErrorMessage {
  type: "error";
  code: string;
  detail: string;
  field: string | null;
}

export type ServerMessage =
  | Hello
  | Snapshot
  | Changes
  | AlertMessage
  | Guidance
  | ZonesChanged
  | Heartbeat
  | AroundMessage
  | ErrorMessage;

export type ClientMessage =
  | { type: "authenticate"; token: string }
  | {
      type: "subscribe";
      id: string;
      bbox: [number, number, number, number] | null;
      aircraft: string[] | null;
      alerts: boolean;
      interval_ms: number;
    }
  | { type: "unsubscribe"; id: string };

export type Position = [number, number] | [number, number, number];
export type ZoneGeometry =
  | { type: "Polygon"; coordinates: Position[][] }
  | { type: "MultiPolygon"; coordinates: Position[][][] }
  | { type: "Point"; coordinates: Position };

export interface ZoneProperties {
  version: number;
  name: string;
  kind: "keep_in" | "keep_out" | "information";
  radius_m: number | null;
  floor_m: number | null;
  floor_datum: string;
  ceiling_m: number | null;
  ceiling_datum: string;
  valid_from: string | null;
  valid_to: string | null;
  aircraft_ids: string[] | null;
  weights: string[] | null;
  /** COLLECTION/IDENTIFIER of its import; null: somebody here made it. */
  source: string | null;
  /** In the source's own words: R, CTR. */
  airspace_class: string | null;
  timetable: { timezone: string; spans: { start: string; end: string; days?: number[] }[] } | null;
  activation: "always" | "timetable" | "by_hand" | "unknown";
  switched: { from: string; to: string; active: boolean }[];
  ended: boolean;
}

export interface ZoneFeature {
  type: "Feature";
  id: string;
  geometry: ZoneGeometry;
  properties: ZoneProperties;
}

/** What facts may state in the place of a rule's own limit; otherwise: that, null where it has none. */
export interface RuleLimit {
  name: string;
  unit: string;
  low: number;
  high: number;
  otherwise: number | null;
}

export interface RuleFacts {
  id: string;
  says: string;
  checked: boolean;
  evidence: string | null;
  lacking: string | null;
  limits: RuleLimit[];
}
