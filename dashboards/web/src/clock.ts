// The server's clock, carried on by the page's monotonic one: a wrong clock on the tablet changes nothing.

/** More than two crystals differ by; far too little for a message that waits on its way to pass for a new one. */
const DRIFT = 0.0005;

/**
 * Server time minus monotonic time, as the largest difference seen: that of the message that travelled fastest. A message
 * that waited on its way therefore shows old data as old, on a line that is slow for hours too.
 */
export class ServerClock {
  private offset = Number.NEGATIVE_INFINITY;
  private seenAt = 0;

  /**
   * All in milliseconds: what the server said, and performance.now() when it arrived. askedMs: performance.now() when this
   * answer was asked for: the server said it after that, so a larger difference than that allows is of a clock since set back.
   */
  heard(serverMs: number, monotonicMs: number, askedMs = Number.NEGATIVE_INFINITY): void {
    if (!Number.isFinite(serverMs)) return;
    const held = this.at(monotonicMs);
    const difference = serverMs - monotonicMs;
    this.offset = held > serverMs - askedMs ? difference : Math.max(held, difference);
    this.seenAt = monotonicMs;
  }

  /** How long ago the server said so, milliseconds: how long the message waited on its way, if nobody set the server's clock back. */
  waited(serverMs: number, monotonicMs: number): number {
    return monotonicMs + this.at(monotonicMs) - serverMs;
  }

  /** Server time in milliseconds since 1970, or null before anything was heard. */
  now(monotonicMs: number): number | null {
    return Number.isFinite(this.offset) ? monotonicMs + this.offset : null;
  }

  private at(monotonicMs: number): number {
    return this.offset - DRIFT * (monotonicMs - this.seenAt);
  }
}

/** Milliseconds since 1970 of an ISO time, or null for none (or for what is no time). */
export function at(iso: string | null | undefined): number | null {
  if (iso === null || iso === undefined) return null;
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? null : ms;
}

/** Age in seconds, never below 0; null when either is not known. */
export function ageSeconds(iso: string | null | undefined, serverNowMs: number | null): number | null {
  const then = at(iso);
  return then === null || serverNowMs === null ? null : Math.max(0, (serverNowMs - then) / 1000);
}
