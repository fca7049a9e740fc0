// What the page asks of the door. Rejects with words for a person; Refused when it is the token that is wrong.

import type { Range } from "./address";
import type { Flown, Recorded, ZoneThen } from "./record";
import { readTracks, type Tracks } from "./tracks";

export class Refused extends Error {}

/** What the door would not do. field: which one of the request is wrong; empty: none. */
export class Wrong extends Error {
  constructor(
    words: string,
    readonly field: string,
  ) {
    super(words);
  }
}

interface Problem {
  detail?: string;
  field?: string | null;
}

function failure(status: number, { detail, field }: Problem): Error {
  const words = detail ?? `the server answered ${status}`;
  return status === 401 || status === 403 ? new Refused(words) : new Wrong(words, field ?? "");
}

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
      ...init,
      signal: init.signal == null ? this.over.signal : AbortSignal.any([init.signal, this.over.signal]),
      headers: { Authorization: `Bearer ${this.token}`, ...init.headers },
    }).catch((error: unknown) => {
      throw error instanceof TypeError ? new Error("The server does not answer. Is it running? Try again.") : error;
    });
    if (response.ok) return response;
    throw failure(response.status, (await response.json().catch(() => ({}))) as Problem);
  }

  /** A file to the door; sent hears how many bytes have left. (fetch cannot tell.) The answer's JSON, when it is a good one. */
  upload(path: string, query: readonly [string, string][], file: File, sent: (bytes: number) => void, signal: AbortSignal): Promise<unknown> {
    return new Promise((done, failed) => {
      const request = new XMLHttpRequest();
      request.open("POST", `./api/v1/${path}?${new URLSearchParams([...query])}`);
      request.setRequestHeader("Authorization", `Bearer ${this.token}`);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.responseType = "json";
      request.upload.onprogress = (event) => sent(event.loaded);
      request.onload = () => {
        const answer: unknown = request.response;
        if (request.status >= 200 && request.status < 300) done(answer);
        else failed(failure(request.status, (answer ?? {}) as Problem));
      };
      request.onerror = () => failed(new Error("The upload broke off: nothing of the file was kept. Is the server running?"));
      request.onabort = () => failed(new DOMException("stopped", "AbortError"));
      const over = AbortSignal.any([signal, this.over.signal]);
      over.addEventListener("abort", () => request.abort());
      if (over.aborted) failed(new DOMException("stopped", "AbortError"));
      else request.send(file);
    });
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
