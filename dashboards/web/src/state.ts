// What the page knows, and how each message changes it. Pure: no clock, no socket, no document.

import { at } from "./clock";
import { needsAcknowledging, stands } from "./order";
import type { Aircraft, Alert, Around, Hello, Rules, ServerMessage, ZoneFeature } from "./protocol";

export type Phase = "connecting" | "live" | "lost" | "refused" | "outdated";

/** An acknowledgement on its way: never shown as acknowledged before the server has said so. */
export interface AckRequest {
  requestId: string;
  n: number;
  status: "sending" | "accepted" | "failed";
  problem: string | null;
}

export interface State {
  phase: Phase;
  /** Why the token was refused. */
  refusal: string | null;
  hello: Hello | null;
  rules: Rules | null;
  /** The newest receive time of any sample that this page has, ISO. */
  positionsAt: string | null;
  aircraft: ReadonlyMap<string, Aircraft>;
  /** By id, the closed ones of this connection too: their n is what an old event is measured against. */
  alerts: ReadonlyMap<string, Alert>;
  /** Whether a snapshot of this page's life has come: before it, nothing is known, which is not "none". */
  known: boolean;
  zones: readonly ZoneFeature[] | null;
  zonesProblem: string | null;
  /** Goes up each time the zones must be fetched. */
  zonesAsked: number;
  requests: ReadonlyMap<string, AckRequest>;
  /** What is around a pilot's aircraft; null for dispatch. */
  around: Around | null;
  /** What the server said about our own messages. */
  complaint: string | null;
  /** What the server last sent that this page could not read, and when, server time. */
  unreadable: { what: string; atMs: number | null } | null;
}

export type Action =
  | { type: "message"; message: ServerMessage }
  | { type: "phase"; phase: Phase; refusal?: string }
  | { type: "unreadable"; what: string; atMs: number | null }
  | { type: "zones"; zones: readonly ZoneFeature[] }
  | { type: "zones failed"; problem: string }
  | { type: "zones wanted" }
  | { type: "request"; alertId: string; request: AckRequest }
  | { type: "request done"; alertId: string };

export const EMPTY: State = {
  phase: "connecting",
  refusal: null,
  hello: null,
  rules: null,
  positionsAt: null,
  aircraft: new Map(),
  alerts: new Map(),
  known: false,
  zones: null,
  zonesProblem: null,
  zonesAsked: 0,
  requests: new Map(),
  around: null,
  complaint: null,
  unreadable: null,
};

export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case "message":
      return onMessage(state, action.message);
    case "phase":
      return { ...state, phase: action.phase, refusal: action.refusal ?? null };
    case "unreadable":
      return { ...state, unreadable: { what: action.what, atMs: action.atMs } };
    case "zones":
      return { ...state, zones: action.zones, zonesProblem: null };
    case "zones failed":
      return { ...state, zonesProblem: action.problem };
    case "zones wanted":
      return { ...state, zonesAsked: state.zonesAsked + 1 };
    case "request":
      return { ...state, requests: new Map(state.requests).set(action.alertId, action.request) };
    case "request done": {
      const requests = new Map(state.requests);
      requests.delete(action.alertId);
      return { ...state, requests };
    }
  }
}

function onMessage(before: State, message: ServerMessage): State {
  if (message.type === "error") return { ...before, complaint: `${message.code}: ${message.detail}` };
  const state: State = { ...before, rules: message.rules };
  switch (message.type) {
    case "hello":
      return { ...state, hello: message, complaint: null };
    case "snapshot": {
      const alerts = new Map(message.alerts.map((alert) => [alert.id, alert]));
      return {
        ...state,
        phase: "live",
        known: true,
        aircraft: new Map(message.aircraft.map((aircraft) => [aircraft.id, aircraft])),
        alerts,
        requests: settled(state.requests, alerts),
        positionsAt: newest(null, message.aircraft),
        zonesAsked: state.zonesAsked + 1,
      };
    }
    case "changes": {
      const aircraft = new Map(state.aircraft);
      for (const changed of message.aircraft) aircraft.set(changed.id, changed);
      for (const id of message.gone) aircraft.delete(id);
      return { ...state, aircraft, positionsAt: newest(state.positionsAt, message.aircraft) };
    }
    case "alert": {
      const held = state.alerts.get(message.alert.id);
      if (held !== undefined && isOlder(message.alert, held)) return state;
      const alerts = new Map(state.alerts).set(message.alert.id, message.alert);
      return { ...state, alerts, requests: settled(state.requests, alerts) };
    }
    case "guidance": {
      const alerts = new Map(state.alerts);
      for (const { id, ...guidance } of message.alerts) {
        const held = alerts.get(id);
        if (held === undefined || !stands(held)) continue;
        if ((at(guidance.guidance_at) ?? 0) >= (at(held.guidance_at) ?? 0)) alerts.set(id, { ...held, ...guidance });
      }
      return { ...state, alerts };
    }
    case "zones":
      return { ...state, zonesAsked: state.zonesAsked + 1 };
    case "around":
      return { ...state, around: message.around };
    case "heartbeat":
      return state; // its positions_at is what the server has: on a slow line this page does not have it yet
  }
}

/** Old news: an event below the n we have, or the same n without the acknowledgement, or the pilot's word, that we have. */
function isOlder(alert: Alert, held: Alert): boolean {
  if (alert.n !== held.n) return alert.n < held.n;
  const before = (one: Alert["pilot_saw"], other: Alert["pilot_saw"]): boolean => (one?.n ?? 0) < (other?.n ?? 0);
  return before(alert.acknowledged, held.acknowledged) || before(alert.pilot_saw, held.pilot_saw);
}

/** A request is over once its alert no longer asks for it. */
function settled(requests: State["requests"], alerts: ReadonlyMap<string, Alert>): State["requests"] {
  if (requests.size === 0) return requests;
  return new Map(
    [...requests].filter(([id, request]) => {
      const alert = alerts.get(id);
      return alert !== undefined && needsAcknowledging(alert) && request.n >= alert.n;
    }),
  );
}

function newest(start: string | null, aircraft: readonly Aircraft[]): string | null {
  let found = start;
  let foundMs = at(start) ?? Number.NEGATIVE_INFINITY;
  for (const { event_time } of aircraft) {
    const ms = at(event_time) ?? Number.NEGATIVE_INFINITY;
    if (ms > foundMs) [found, foundMs] = [event_time, ms];
  }
  return found;
}

/** Alerts that were raised or grew worse between two states and ask for someone: what is announced and sounded, once. */
export function news(before: State, after: State): Alert[] {
  if (!before.known || before.alerts === after.alerts) return [];
  return [...after.alerts.values()].filter((alert) => {
    if (alert.imported || !stands(alert) || !needsAcknowledging(alert)) return false;
    const held = before.alerts.get(alert.id);
    return held === undefined || held.n < alert.n;
  });
}

export interface Counts {
  flying: number;
  breach: number;
  lost: number;
  warning: number;
  unknown: number;
}

export type Filter = keyof Counts;

/** Whether an aircraft belongs under a count. One that lost its link in a breach stands under both. */
export function counted(aircraft: Aircraft, filter: Filter): boolean {
  if (filter === "flying") return aircraft.airborne === true && !aircraft.ended;
  return aircraft.level === filter || aircraft.reasons.some((reason) => reason.level === filter);
}

export function counts(fleet: Iterable<Aircraft>): Counts {
  const found: Counts = { flying: 0, breach: 0, lost: 0, warning: 0, unknown: 0 };
  const filters = Object.keys(found) as Filter[];
  for (const aircraft of fleet) for (const filter of filters) if (counted(aircraft, filter)) found[filter] += 1;
  return found;
}

/** Whether a row stays when the fleet is searched and filtered. Who has an unacknowledged alert always stays. */
export function passes(aircraft: Aircraft, filter: Filter | null, search: string, unacknowledged: boolean): boolean {
  if (unacknowledged) return true;
  if (filter !== null && !counted(aircraft, filter)) return false;
  const wanted = search.trim().toLowerCase();
  if (wanted === "") return true;
  const words = [aircraft.name, aircraft.link_name, aircraft.link, `${aircraft.system_id}`, aircraft.mode, aircraft.id];
  return words.some((word) => word?.toLowerCase().includes(wanted));
}
