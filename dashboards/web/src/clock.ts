// The server's clock, carried on by the page's monotonic one: a wrong clock on the tablet changes nothing.

const WINDOW_MS = 30_000;

/**
 * Server time minus monotonic time, as the largest difference seen in the last 30 to 60 s: the message that travelled
 * fastest. A message that waited on its way therefore shows old data as old, and a step of the server's clock is
 * followed within a minute.
 */
export class ServerClock {
  private current = Number.NEGATIVE_INFINITY;
  private previous = Number.NEGATIVE_INFINITY;
  private windowStart: number | null = null;

  /** Both in milliseconds: what the server said, and performance.now() when it arrived. */
  heard(serverMs: number, monotonicMs: number): void {
    if (!Number.isFinite(serverMs)) return;
    if (this.windowStart === null || monotonicMs - this.windowStart > WINDOW_MS) {
      this.previous = this.current;
      this.current = Number.NEGATIVE_INFINITY;
      this.windowStart = monotonicMs;
    }
    this.current = Math.max(this.current, serverMs - monotonicMs);
  }

  /** Server time in milliseconds since 1970, or null before anything was heard. */
  now(monotonicMs: number): number | null {
    const offset = Math.max(this.current, this.previous);
    return Number.isFinite(offset) ? monotonicMs + offset : null;
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
