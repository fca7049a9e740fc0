// What makes a pilot look: sound, vibration, and a screen that stays on. All three after a tap, because browsers want one; and
// each says what it is, because a pilot who believes in a sound that is not there is worse off than without.

import type { Alert } from "../protocol";
import { Sounder } from "../sound";

export type Readiness = "OFF" | "ON" | "NOT AVAILABLE HERE";

export interface Readinesses {
  sound: Readiness;
  vibration: Readiness;
  awake: Readiness;
}

const BUZZ_MS = [400, 150, 400, 150, 400];

export class Attention {
  private readonly sounder = new Sounder();
  private armed = false;
  private vibrates = false;
  private starting: Promise<void> | null = null;
  private sentinel: WakeLockSentinel | null = null;

  /** As it is now: a phone takes the loudspeaker or the wake lock away without asking. */
  now(): Readinesses {
    const said = (works: boolean): Readiness => (!this.armed ? "OFF" : works ? "ON" : "NOT AVAILABLE HERE");
    return {
      sound: said(this.sounder.running),
      vibration: said(this.vibrates),
      awake: said(this.sentinel !== null && !this.sentinel.released),
    };
  }

  /** Must run in a tap. Never fails: what does not work says so. */
  async arm(): Promise<void> {
    this.vibrates = typeof navigator.vibrate === "function" && navigator.vibrate(BUZZ_MS[0]!);
    if (!this.armed) document.addEventListener("visibilitychange", () => void this.stayAwake());
    // Said at once: where a loudspeaker never answers, what was asked for is not there.
    this.armed = true;
    if (!this.sounder.running) {
      this.starting ??= this.sounder.arm().catch(() => undefined).finally(() => (this.starting = null));
    }
    await this.stayAwake();
  }

  alarm(alerts: readonly Alert[]): void {
    this.sounder.sound(alerts, performance.now());
    if (this.vibrates) navigator.vibrate(BUZZ_MS);
  }

  /** A lock ends whenever the page is hidden: it is taken again each time it is seen. */
  private async stayAwake(): Promise<void> {
    if (!("wakeLock" in navigator) || document.visibilityState !== "visible") return;
    if (this.sentinel !== null && !this.sentinel.released) return;
    this.sentinel = await navigator.wakeLock.request("screen").catch(() => null);
  }
}
