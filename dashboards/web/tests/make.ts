// Plain examples of the wire's objects, for tests to change one field of.

import type { Aircraft, Alert, Rules, ServerMessage } from "../src/protocol";

export const TIME = "2026-11-23T03:12:04.500000Z";
export const RULES: Rules = { judged_up_to: TIME, running: true, since: null };

export function aircraft(over: Partial<Aircraft> = {}): Aircraft {
  return {
    id: "a1", operator_id: "o", name: "Kite 1", link: "udp:14550/127.0.0.1", link_name: "field", system_id: 1, vehicle_type: 2,
    replay: false, partition: 0, event_time: TIME, position_time: TIME, lon: 149.1, lat: -35.3, no_position: null, amsl_m: 700,
    takeoff_height_m: 90, agl_m: 88, agl_source: "terrain report",
    height: { m: 88, datum: "AGL", source: "terrain report", margin_m: 0 }, speed_mps: 8, climb_mps: 0, heading_deg: 90, course_deg: 90,
    battery_pct: 80, battery_age_s: 1, fix_type: 3, satellites: 12, mode: "AUTO", mode_age_s: 1, armed: true, airborne: true,
    ended: false, level: "clear", reasons: [], ...over,
  };
}

export function alert(over: Partial<Alert> = {}): Alert {
  return {
    id: "x1", n: 1, operator_id: "o", aircraft_id: "a1", aircraft_name: "Kite 1", link_name: "field", system_id: 1, rule: "keep-in",
    zone_id: null, zone_name: null, zone_versions: [], level: "breach", condition: "raised", state: "unacknowledged",
    start: "2026-11-23T03:12:00Z", triggered_at: TIME, published_at: TIME, raised_at: TIME, cleared_at: null, what: "12 m outside",
    way_back: "FLY 240° true, 85 m", guidance_at: TIME, beyond_m: 12, ahead_s: null, height_m: 88, height_datum: "AGL", height_source: "terrain report",
    lon: 149.1, lat: -35.3, acknowledged: null, pilot_saw: null, imported: false, confirmed: true, ...over,
  };
}

type Body<T> = T extends ServerMessage ? Omit<T, "server_time" | "rules"> : never;

export function message(body: Body<Exclude<ServerMessage, { type: "error" }>>): ServerMessage {
  return { server_time: TIME, rules: RULES, ...body } as ServerMessage;
}

export const snapshot = (fleet: Aircraft[], alerts: Alert[]): ServerMessage =>
  message({ type: "snapshot", subscription: "main", aircraft: fleet, alerts });
