// The sound: armed by hand (a browser plays nothing before), and at most once an aircraft in 10 s.

import type { Alert } from "./protocol";

export const QUIET_MS = 10_000;

/** The alerts that may sound now; notes them as sounded. */
export function due(alerts: readonly Alert[], last: Map<string, number>, monotonicMs: number): Alert[] {
  return alerts.filter((alert) => {
    const before = last.get(alert.aircraft_id);
    if (before !== undefined && monotonicMs - before < QUIET_MS) return false;
    last.set(alert.aircraft_id, monotonicMs);
    return true;
  });
}

const URGENT = [880, 660, 880, 660];
const NOTICE = [660];

export class Sounder {
  private context: AudioContext | null = null;
  private readonly last = new Map<string, number>();

  get armed(): boolean {
    return this.context !== null;
  }

  /** Whether it is heard now: a phone suspends it when another program wants the loudspeaker. */
  get running(): boolean {
    return this.context?.state === "running";
  }

  /** Must run in a click or key press. Plays one note, so that the person hears that it works. */
  async arm(): Promise<void> {
    const context = new AudioContext();
    await context.resume();
    this.context = context;
    this.play(NOTICE);
  }

  async disarm(): Promise<void> {
    const context = this.context;
    this.context = null;
    await context?.close();
  }

  sound(alerts: readonly Alert[], monotonicMs: number): void {
    if (this.context === null) return;
    const now = due(alerts, this.last, monotonicMs);
    if (now.length === 0) return;
    this.play(now.some((alert) => alert.level === "breach" || alert.level === "lost") ? URGENT : NOTICE);
  }

  private play(tones: readonly number[]): void {
    const context = this.context;
    if (context === null) return;
    tones.forEach((hertz, index) => {
      const start = context.currentTime + index * 0.18;
      const gain = context.createGain();
      gain.gain.setValueAtTime(0, start);
      gain.gain.linearRampToValueAtTime(0.25, start + 0.01);
      gain.gain.linearRampToValueAtTime(0, start + 0.15);
      const oscillator = context.createOscillator();
      oscillator.frequency.value = hertz;
      oscillator.connect(gain).connect(context.destination);
      oscillator.start(start);
      oscillator.stop(start + 0.16);
    });
  }
}
