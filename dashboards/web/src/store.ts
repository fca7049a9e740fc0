// The page's one store: state, clock, socket and the requests, tied together. Components read it and call its verbs.

import { postAcknowledgement, postSaw } from "./acknowledge";
import { at, ServerClock } from "./clock";
import { Live } from "./live";
import { boxOf, boxQuery, contains, widened, type Box } from "./map/features";
import type { Alert, PilotLink, RuleFacts, ServerMessage, ZoneFeature } from "./protocol";
import { EMPTY, news, reduce, type Action, type State } from "./state";

/** Messages that come many times a second, or each second, and tell how things go on. */
const OFTEN = { changes: true, heartbeat: true, guidance: true, around: true };

/** A refusal in the server's own words, field by field where it named them. */
export class Refused extends Error {
  constructor(
    detail: string,
    readonly status: number,
    readonly errors: readonly { field: string; detail: string }[],
  ) {
    super(detail);
  }
}
/** A message older than this at its arrival is not worth reading; and a server whose clock was set back is measured anew. */
const LONGEST_WAY_MS = 10_000;
/** How long the page tells what it could not read, once it is back. */
const TOLD_MS = 60_000;

export class Store {
  state: State = EMPTY;
  readonly clock = new ServerClock();
  /** Called with each alert that is new or grew worse, as it comes: also while the tab is hidden. */
  onNews: (alerts: Alert[]) => void = () => undefined;
  private readonly listeners = new Set<(urgent: boolean) => void>();
  private readonly live: Live;
  private fetched = 0;
  /** What the map shows, and the box that zones were asked for: those of a whole country are megabytes. */
  private view: Box | null = null;
  private asked: Box | null = null;

  /** as: a pilot has no use for the zones of the map, and may not ask for them. */
  constructor(
    private readonly token: string,
    private readonly as: "dispatch" | "pilot" = "dispatch",
  ) {
    const address = new URL("./api/v1/live", location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    address.hash = "";
    this.live = new Live(address.href, token, {
      message: (message) => this.received(message),
      lost: (unreadable) => this.lost(unreadable),
      refused: (why) => this.dispatch({ type: "phase", phase: "refused", refusal: why }),
      outdated: () => this.dispatch({ type: "phase", phase: "outdated" }),
    });
  }

  start(): void {
    this.live.start();
  }

  stop(): void {
    this.live.stop();
  }

  /** urgent: more than things going on; it waits for no frame (a hidden tab has none). */
  subscribe(listener: (urgent: boolean) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Server time now, milliseconds since 1970; null before the first message. */
  now(): number | null {
    return this.clock.now(performance.now());
  }

  /** Seconds since the last message, by the page's monotonic clock. */
  linkAge(): number {
    return (performance.now() - this.live.lastMessageAt) / 1000;
  }

  /** What the server sent lately that this page could not read; null: nothing. */
  unreadable(): string | null {
    const { unreadable } = this.state;
    if (unreadable === null) return null;
    const since = (this.now() ?? 0) - (unreadable.atMs ?? 0);
    return this.state.phase === "lost" || since < TOLD_MS ? unreadable.what : null;
  }

  get timezone(): string {
    return this.state.hello?.timezone ?? "UTC";
  }

  /** Sends an acknowledgement of what was seen. A request whose outcome is not known is sent again as the same one. */
  async acknowledge(alert: Alert, station: string): Promise<void> {
    const held = this.state.requests.get(alert.id);
    if (held?.status === "sending" || held?.status === "accepted") return;
    const same = held !== undefined && held.n === alert.n;
    const request = { requestId: same ? held.requestId : crypto.randomUUID(), n: alert.n };
    this.dispatch({ type: "request", alertId: alert.id, request: { ...request, status: "sending", problem: null } });
    const failed = await postAcknowledgement(alert.id, request, station, this.token, this.timezone);
    // The push may have come before the answer: then the request is settled already.
    if (this.state.requests.get(alert.id)?.requestId !== request.requestId) return;
    this.dispatch({
      type: "request",
      alertId: alert.id,
      request: {
        n: request.n,
        requestId: failed !== null && !failed.again ? crypto.randomUUID() : request.requestId,
        status: failed === null ? "accepted" : "failed",
        problem: failed?.problem ?? null,
      },
    });
  }

  /** Sends that the pilot saw an alert; gives what went wrong. requestId: the same when it is sent again. */
  saw(alert: Alert, requestId: string): Promise<{ problem: string; again: boolean } | null> {
    return postSaw(alert.id, { requestId, n: alert.n }, this.token, this.timezone);
  }

  dispatch(action: Action): void {
    const before = this.state;
    this.state = reduce(before, action);
    if (this.state === before) return;
    const heard = news(before, this.state);
    if (heard.length > 0) this.onNews(heard);
    if (this.as === "dispatch" && this.state.zonesAsked > this.fetched) void this.fetchZones();
    const urgent = heard.length > 0 || action.type !== "message" || !(action.message.type in OFTEN);
    for (const listener of this.listeners) listener(urgent);
  }

  /** The map shows this now. */
  look(view: Box): void {
    this.view = view;
    if (this.asked !== null && !contains(this.asked, view)) this.dispatch({ type: "zones wanted" });
  }

  private received(message: ServerMessage): void {
    if (message.type !== "error") {
      const said = at(message.server_time) ?? Number.NaN;
      const now = performance.now();
      // Nothing waits for so long on a line that is any good: what comes so late, a new snapshot overtakes.
      if (message.type !== "hello" && this.clock.waited(said, now) > LONGEST_WAY_MS) {
        this.live.renew();
        return;
      }
      this.clock.heard(said, now, message.type === "hello" ? this.live.askedAt : undefined);
    }
    this.dispatch({ type: "message", message });
  }

  private lost(unreadable: string | null): void {
    if (unreadable !== null) this.dispatch({ type: "unreadable", what: unreadable, atMs: this.now() });
    this.dispatch({ type: "phase", phase: "lost" });
  }

  /** What is checked and what is not. Rejects with words for a person. */
  async rules(): Promise<RuleFacts[]> {
    return (await this.ask<{ rules: RuleFacts[] }>("rules")).rules;
  }

  /** The links of an aircraft that may still be used. Rejects with words for a person, as those that follow. */
  async pilotLinks(aircraftId: string): Promise<PilotLink[]> {
    return (await this.ask<{ links: PilotLink[] }>(`pilot-links?aircraft_id=${aircraftId}`)).links;
  }

  makePilotLink(aircraftId: string, name: string, hours: number): Promise<PilotLink> {
    return this.ask("pilot-links", "POST", { aircraft_id: aircraftId, name, hours });
  }

  async endPilotLink(linkId: string): Promise<void> {
    await this.ask(`pilot-links/${linkId}`, "DELETE");
  }

  publishZone(feature: object): Promise<ZoneFeature & { in_force: boolean }> {
    return this.ask("zones", "POST", feature);
  }

  /** From now on it asks nothing. */
  async endZone(zoneId: string): Promise<void> {
    await this.ask(`zones/${zoneId}/end`, "POST");
  }

  private async ask<T>(path: string, method = "GET", body?: object): Promise<T> {
    const response = await fetch(`./api/v1/${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    const said = (await response.json().catch(() => ({}))) as T & { detail?: string; errors?: { field: string; detail: string }[] };
    if (!response.ok) throw new Refused(said.detail ?? `the server answered ${response.status}`, response.status, said.errors ?? []);
    return said;
  }

  private async fetchZones(): Promise<void> {
    const asked = this.state.zonesAsked;
    this.fetched = asked;
    // Before the map is there: what is near the fleet, which it will show first.
    const fleet = [...this.state.aircraft.values()].filter((one) => one.lon !== null && one.lat !== null);
    const box = this.view ?? boxOf(fleet.map((one) => [one.lon!, one.lat!]));
    this.asked = box === null ? null : widened(box);
    const query = this.asked === null ? "" : `&bbox=${boxQuery(this.asked)}`;
    try {
      const response = await fetch(`./api/v1/zones?coming=true${query}`, {
        headers: { Authorization: `Bearer ${this.token}` },
        signal: AbortSignal.timeout(10_000),
      });
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      const body = (await response.json()) as { features: ZoneFeature[] };
      if (!Array.isArray(body.features)) throw new Error("the server's answer holds no zones");
      // An answer to an earlier question must not replace a later one.
      if (asked === this.state.zonesAsked) this.dispatch({ type: "zones", zones: body.features });
    } catch (error) {
      if (asked !== this.state.zonesAsked) return;
      this.dispatch({ type: "zones failed", problem: error instanceof Error ? error.message : String(error) });
      window.setTimeout(() => {
        if (asked === this.state.zonesAsked && this.state.phase === "live") this.dispatch({ type: "zones wanted" });
      }, 3_000);
    }
  }
}
