import { useEffect } from "preact/hooks";
import { at as timeOf } from "../clock";
import { clockTime } from "../format";
import { SPEEDS } from "./address";
import { useReplay } from "./context";
import { onReplayKey, type KeyVerbs } from "./keys";
import { neighbour } from "./moment";
import type { Replay } from "./replay";

const verbsOf = (replay: Replay): KeyVerbs => ({
  toggle: () => (replay.clock.playing ? replay.pause() : replay.play()),
  step: (seconds) => replay.seek(replay.now + seconds * 1000),
  alert: (way) => {
    const found = neighbour(replay.recorded?.alerts ?? [], replay.now, way);
    const start = timeOf(found?.alert.start);
    if (found === null || start === null) return;
    replay.change({ selected: found.alert.aircraft_id });
    replay.seek(start);
  },
  edge: (which) => replay.address.range !== null && replay.seek(replay.address.range[which]),
});

/** Play, step and scrub; each by its button and by its key. */
export function Controls() {
  const replay = useReplay();
  const { range, shown } = replay.address;
  const verbs = verbsOf(replay);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => onReplayKey(event, verbsOf(replay));
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [replay]);
  if (range === null) return null;
  const { now } = replay;
  const { playing, speed } = replay.clock;
  const alerts = replay.recorded?.alerts ?? [];
  const zoom = (factor: number): void => {
    const [from, to] = replay.shown;
    const width = Math.max(10_000, (to - from) * factor);
    if (width >= range[1] - range[0]) return replay.change({ shown: null });
    const begin = Math.min(Math.max(now - width / 2, range[0]), range[1] - width);
    replay.change({ shown: [begin, begin + width] });
  };
  return (
    <section class="controls" aria-label="Play">
      <input
        type="range"
        class="scrub"
        data-testid="scrub"
        aria-label="Time"
        aria-valuetext={`${clockTime(now, replay.timezone)}, ${clockTime(now, "UTC")}`}
        min={range[0]}
        max={range[1]}
        step={1_000}
        value={now}
        onInput={(event) => replay.seek(Number(event.currentTarget.value))}
      />
      <div class="transport">
        <button type="button" class="button" data-testid="alert-before" disabled={neighbour(alerts, now, -1) === null} onClick={() => verbs.alert(-1)}>
          Alert before <kbd>[</kbd>
        </button>
        <button type="button" class="button" aria-label="−10 s, back" onClick={() => verbs.step(-10)}>
          −10 s
        </button>
        <button type="button" class="button" aria-label="−1 s, back" data-testid="step-back" onClick={() => verbs.step(-1)}>
          −1 s
        </button>
        <button type="button" class="button play" data-testid="play" onClick={verbs.toggle}>
          {playing ? "Pause" : "Play"} <kbd>Space</kbd>
        </button>
        <button type="button" class="button" aria-label="+1 s, on" data-testid="step-on" onClick={() => verbs.step(1)}>
          +1 s
        </button>
        <button type="button" class="button" aria-label="+10 s, on" onClick={() => verbs.step(10)}>
          +10 s
        </button>
        <button type="button" class="button" data-testid="alert-next" disabled={neighbour(alerts, now, 1) === null} onClick={() => verbs.alert(1)}>
          Next alert <kbd>]</kbd>
        </button>
        <label class="speed">
          Speed{" "}
          <select
            data-testid="speed"
            value={speed}
            onChange={(event) => replay.setSpeed(SPEEDS.find((one) => String(one) === event.currentTarget.value) ?? 1)}
          >
            {SPEEDS.map((one) => (
              <option key={one} value={one}>
                {one}×
              </option>
            ))}
          </select>
        </label>
        <span class="zooms" role="group" aria-label="Charts: part of the time">
          <span class="hint">Charts</span>
          <button type="button" class="button" aria-label="Show less time" data-testid="zoom-in" onClick={() => zoom(0.5)}>
            +
          </button>
          <button type="button" class="button" aria-label="Show more time" data-testid="zoom-out" disabled={shown === null} onClick={() => zoom(2)}>
            −
          </button>
          <button type="button" class="button" data-testid="zoom-all" disabled={shown === null} onClick={() => replay.change({ shown: null })}>
            All
          </button>
        </span>
      </div>
    </section>
  );
}
