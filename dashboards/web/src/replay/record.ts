// What happened, as the door tells it (docs/replay.md): who flew, alerts with each of their events, gaps, zones in force.

import type { Alert, Level, ZoneFeature } from "../protocol";

export interface Flown {
  id: string;
  name: string | null;
  link: string;
  link_name: string;
  system_id: number;
  imported: boolean;
  /** Of its samples in the range that was asked for. */
  first: string;
  last: string;
}

export interface AlertEvent {
  n: number;
  condition: "raised" | "worsened" | "cleared";
  level: Level;
  at: string;
  what: string;
  beyond_m: number | null;
}

export interface Handled {
  n: number;
  action: "acknowledged" | "pilot_saw";
  station: string;
  at: string;
}

export interface ReplayAlert {
  alert: Alert;
  events: AlertEvent[];
  handling: Handled[];
}

export interface Gap {
  /** Null: of any aircraft of the link, or of the listener. */
  aircraft_id: string | null;
  link: string;
  from: string;
  to: string;
  count: number | null;
  counted: string;
  /** silent: told by nobody, seen by this page: no sample for a while, of what was not known to be in the air. */
  reason: "dropped" | "no_room" | "not_listening" | "nothing_came" | "silent";
}

export interface Recorded {
  timezone: string;
  /** An online map's style; null: the offline one. */
  map_style: string | null;
  aircraft: Flown[];
  alerts: ReplayAlert[];
  gaps: Gap[];
  truncated: boolean;
}

/** A version of a zone, and when it decided; null: without beginning, or end. */
export interface ZoneThen {
  from: string | null;
  to: string | null;
  zone: ZoneFeature;
}
