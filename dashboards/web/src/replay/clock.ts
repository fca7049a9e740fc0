// The one clock of a replay: where its cursor is, carried on by the page's monotonic time while it plays. Pure.

import type { Range, Speed } from "./address";

export class ReplayClock {
  private playedFrom: number | null = null;

  constructor(
    private range: Range,
    private cursor: number,
    private pace: Speed,
  ) {
    this.cursor = this.within(cursor);
  }

  get playing(): boolean {
    return this.playedFrom !== null;
  }

  get speed(): Speed {
    return this.pace;
  }

  /** Where the cursor is at a monotonic time (ms). It stops at the end of the range. */
  at(monotonicMs: number): number {
    if (this.playedFrom === null) return this.cursor;
    const now = this.cursor + Math.max(0, monotonicMs - this.playedFrom) * this.pace;
    if (now < this.range[1]) return now;
    this.pause(monotonicMs);
    return this.range[1];
  }

  /** From the end it begins again. */
  play(monotonicMs: number): void {
    if (this.playing) return;
    if (this.cursor >= this.range[1]) this.cursor = this.range[0];
    this.playedFrom = monotonicMs;
  }

  pause(monotonicMs: number): void {
    if (this.playedFrom === null) return;
    this.cursor = this.within(this.cursor + Math.max(0, monotonicMs - this.playedFrom) * this.pace);
    this.playedFrom = null;
  }

  /** Plays on from there if it plays. */
  seek(ms: number, monotonicMs: number): void {
    this.cursor = this.within(ms);
    if (this.playing) this.playedFrom = monotonicMs;
  }

  setSpeed(speed: Speed, monotonicMs: number): void {
    const now = this.at(monotonicMs);
    this.pace = speed;
    this.seek(now, monotonicMs);
  }

  private within(ms: number): number {
    return Math.min(Math.max(ms, this.range[0]), this.range[1]);
  }
}
