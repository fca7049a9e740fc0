// One beat for all that blinks, lists and map: what is unacknowledged, and nothing else. Still where motion is not wanted.
// A beat of ours and not an animation: an animation draws each frame of the screen, for two changes a second.

export const BLINK_MS = 500;

const listeners = new Set<(bright: boolean) => void>();
let timer: number | undefined;
let bright = true;

function beat(): void {
  bright = matchMedia("(prefers-reduced-motion: reduce)").matches ? true : !bright;
  for (const listener of listeners) listener(bright);
}

/** Calls with each beat; gives back how to end that. */
export function onBlink(listener: (bright: boolean) => void): () => void {
  listeners.add(listener);
  timer ??= window.setInterval(beat, BLINK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    window.clearInterval(timer);
    timer = undefined;
    bright = true;
  };
}
