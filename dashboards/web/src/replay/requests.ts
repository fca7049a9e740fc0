// What the page asks of the door. Rejects with words for a person; Refused when it is the token that is wrong.

import type { Range } from "./address";
import type { Flown, Recorded, ZoneThen } from "./record";
import { readTracks, type Tracks } from "./tracks";

export class Refused extends Error {}

export class Requests {
  private readonly over = new AbortController();

  constructor(private readonly token: string) {}

  stop(): void {
    this.over.abort();
  }

  /** The answer, when it is a good one. */
  async ask(path: string, query: readonly [string, string][] = [], init: RequestInit = {}): Promise<Response> {
    const said = new URLSearchParams([...query]).toString();
    const response = await fetch(`./api/v1/${path}${said === "" ? "" : `?${said}`}`, {
      signal: this.over.signal,
      ...init,
      headers: { Authorization: `Bearer ${this.token}`, ...init.headers },
    });
    if (response.ok) return response;
    const problem = (await response.json().catch(() => ({}))) as { detail?: string };
    const words = problem.detail ?? `the server answered ${response.status}`;
    throw response.status === 401 || response.status === 403 ? new Refused(words) : new Error(words);
  }

  /** Who has samples, in a range or at all, the last first. */
  async aircraft(range: Range | null): Promise<Flown[]> {
    const answer = await this.ask("replay/aircraft", range === null ? [] : times(range));
    return ((await answer.json()) as { aircraft: Flown[] }).aircraft;
  }

  async recorded(aircraft: readonly string[], range: Range): Promise<Recorded> {
    return (await this.ask("replay", asked(aircraft, range))).json() as Promise<Recorded>;
  }

  async tracks(aircraft: readonly string[], range: Range, points: number): Promise<Tracks> {
    const answer = await this.ask("replay/tracks", [...asked(aircraft, range), ["points", String(points)]]);
    return readTracks(await answer.arrayBuffer());
  }

  async zones(aircraft: readonly string[], range: Range, bbox: string): Promise<ZoneThen[]> {
    const answer = await this.ask("replay/zones", [...asked(aircraft, range), ["bbox", bbox]]);
    return ((await answer.json()) as { zones: ZoneThen[] }).zones;
  }
}

const times = ([from, to]: Range): [string, string][] => [
  ["from", new Date(from).toISOString()],
  ["to", new Date(to).toISOString()],
];

const asked = (aircraft: readonly string[], range: Range): [string, string][] => [
  ...aircraft.map((id): [string, string] => ["aircraft_id", id]),
  ...times(range),
];
