// The socket to /api/v1/live: authenticate, subscribe, watch for silence, come back with a new snapshot.

import { parse, PROTOCOL, type ClientMessage, type ServerMessage } from "./protocol";

export const SILENCE_MS = 3_000;
const REFUSED = 4401;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;

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

export interface LiveHandlers {
  message(message: ServerMessage): void;
  connecting(): void;
  lost(): void;
  refused(why: string): void;
  /** The server speaks another version of the protocol: nothing of it is read any more. */
  outdated(): void;
}

export class Live {
  private socket: WebSocket | null = null;
  private attempt = 0;
  private interval = INTERVAL_MS;
  private timer: number | undefined;
  private watch: number | undefined;
  /** performance.now() of the last message, or of the start. */
  lastMessageAt = performance.now();

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

  private readonly onVisible = (): void => {
    if (document.visibilityState === "visible" && this.socket === null) this.connect();
  };

  private connect(): void {
    window.clearTimeout(this.timer);
    this.handlers.connecting();
    const socket = new WebSocket(this.address);
    this.socket = socket;
    const opened = performance.now();
    socket.onopen = () => this.send({ type: "authenticate", token: this.token });
    socket.onmessage = (event) => {
      if (socket === this.socket && typeof event.data === "string") this.received(event.data);
    };
    socket.onclose = (event) => {
      if (socket !== this.socket) return;
      this.socket = null;
      if (event.code === REFUSED) {
        window.clearInterval(this.watch);
        this.handlers.refused(event.reason);
        return;
      }
      this.handlers.lost();
      this.again();
    };
    // A socket that neither opens nor closes is given up as one that fell silent.
    this.silentFrom = opened;
  }

  private silentFrom = 0;

  private received(text: string): void {
    const message = parse(text);
    this.lastMessageAt = performance.now();
    this.silentFrom = this.lastMessageAt;
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
      this.attempt = 0;
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

  private checkSilence(): void {
    if (this.socket === null || performance.now() - this.silentFrom < SILENCE_MS) return;
    this.drop();
    this.handlers.lost();
    this.again();
  }

  private again(): void {
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
