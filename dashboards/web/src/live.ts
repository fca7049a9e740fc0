// The socket to /api/v1/live: authenticate, subscribe, watch for silence, come back with a new snapshot.

import { PROTOCOL, type ClientMessage, type ServerMessage } from "./protocol";
import { read, Unreadable } from "./reading";

export const SILENCE_MS = 3_000;
const REFUSED = 4401;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;
const LONGEST_PATIENCE_MS = 12_000;
const STEADY_MS = 5_000;

/** So many aircraft a message can bring ten times a second; of more, fewer messages are asked for. */
const OFTEN_UP_TO = 1_500;
const INTERVAL_MS = 100;

/** The least time between two messages that is asked for: reading them must leave the page its time. */
export const intervalMs = (aircraft: number): number => INTERVAL_MS * Math.max(1, Math.ceil(aircraft / OFTEN_UP_TO));

/** Before the next attempt: doubling from 250 ms to 5 s, shortened by up to half so that pages do not come back as one. */
export function backoffMs(attempt: number, random: number): number {
  const full = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 10));
  return full * (1 - random / 2);
}

/** How long a connection may take to its first picture: more each time, or a slow line would never bring a large one whole. */
export function patienceMs(attempt: number): number {
  return Math.min(LONGEST_PATIENCE_MS, SILENCE_MS * 2 ** Math.min(attempt, 10));
}

export interface LiveHandlers {
  message(message: ServerMessage): void;
  /** unreadable: what the server sent that this page cannot read, where that is why. */
  lost(unreadable: string | null): void;
  refused(why: string): void;
  /** The server speaks another version of the protocol: nothing of it is read any more. */
  outdated(): void;
}

/**
 * A moment by both clocks. A machine that sleeps may stop the monotonic one, and a person may set the other: of the two
 * spans since then the longer counts, which costs a new connection too many at worst.
 */
class Moment {
  private readonly monotonicMs = performance.now();
  private readonly wallMs = Date.now();

  age(): number {
    return Math.max(performance.now() - this.monotonicMs, Date.now() - this.wallMs);
  }
}

export class Live {
  private socket: WebSocket | null = null;
  private attempt = 0;
  private interval = INTERVAL_MS;
  private timer: number | undefined;
  private watch: number | undefined;
  private heard = new Moment();
  /** When the present connection brought its snapshot; null: not yet. */
  private shown: Moment | null = null;
  /** performance.now() of the last message, or of the start. */
  lastMessageAt = performance.now();
  /** performance.now() when the present connection asked for its hello. */
  askedAt = performance.now();

  constructor(
    private readonly address: string,
    private readonly token: string,
    private readonly handlers: LiveHandlers,
  ) {}

  start(): void {
    this.watch = window.setInterval(() => this.checkSilence(), 250);
    document.addEventListener("visibilitychange", this.onVisible);
    window.addEventListener("online", this.onVisible);
    this.connect();
  }

  stop(): void {
    window.clearInterval(this.watch);
    window.clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.onVisible);
    window.removeEventListener("online", this.onVisible);
    this.drop();
  }

  /** Gives the connection up and comes back: for a new snapshot, and to measure the server's clock anew. */
  renew(unreadable: string | null = null): void {
    this.drop();
    this.handlers.lost(unreadable);
    this.again();
  }

  private readonly onVisible = (): void => {
    if (document.visibilityState === "visible" && this.socket === null) this.connect();
  };

  private connect(): void {
    window.clearTimeout(this.timer);
    const socket = new WebSocket(this.address);
    this.socket = socket;
    this.shown = null;
    // A socket that neither opens nor closes is given up as one that fell silent.
    this.heard = new Moment();
    socket.onopen = () => {
      this.askedAt = performance.now();
      this.send({ type: "authenticate", token: this.token });
    };
    socket.onmessage = (event) => {
      if (socket === this.socket) this.received(event.data);
    };
    socket.onclose = (event) => {
      if (socket !== this.socket) return;
      this.socket = null;
      if (event.code === REFUSED) {
        window.clearInterval(this.watch);
        this.handlers.refused(event.reason);
        return;
      }
      this.handlers.lost(null);
      this.again();
    };
  }

  private received(data: unknown): void {
    // After a sleep what waited comes first, as if it were news: the connection was dead, whether anybody looked or not.
    if (this.checkSilence()) return;
    let message: ServerMessage | null;
    try {
      message = read(data);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.renew(error.message);
      return;
    }
    this.lastMessageAt = performance.now();
    this.heard = new Moment();
    if (message === null) return;
    if (message.type === "hello") {
      if (message.protocol !== PROTOCOL) {
        this.stop();
        this.handlers.outdated();
        return;
      }
      this.subscribe();
    }
    if (message.type === "snapshot") {
      this.shown = new Moment();
      const wanted = intervalMs(message.aircraft.length);
      if (wanted !== this.interval) {
        this.interval = wanted;
        this.subscribe();
      }
    }
    this.handlers.message(message);
  }

  private subscribe(): void {
    this.send({ type: "subscribe", id: "main", bbox: null, aircraft: null, alerts: true, interval_ms: this.interval });
  }

  /** Whether the connection has been silent for too long; then it is given up. */
  private checkSilence(): boolean {
    if (this.socket === null) return false;
    if (this.heard.age() < (this.shown === null ? patienceMs(this.attempt) : SILENCE_MS)) return false;
    this.renew();
    return true;
  }

  private again(): void {
    // A connection that shows its picture and is gone at once is no success.
    if (this.shown !== null && this.shown.age() >= STEADY_MS) this.attempt = 0;
    this.shown = null;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.connect(), backoffMs(this.attempt, Math.random()));
    this.attempt += 1;
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  private send(message: ClientMessage): void {
    this.socket?.send(JSON.stringify(message));
  }
}
