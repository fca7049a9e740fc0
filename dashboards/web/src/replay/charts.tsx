import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Glyph } from "../components/glyph";
import { age, NOT_KNOWN } from "../format";
import type { HeightDatum, Range } from "./address";
import { useReplay } from "./context";
import { curveOf, slotTimes, within, type Curve } from "./curve";
import { limitWords, measuresOf, type Measure } from "./measures";
import { markAt, momentOf, spanOf, worstOf } from "./moment";
import { LEFT_PX, Plot, RIGHT_PX, type Drawing, type Line } from "./plot";
import type { Replay } from "./replay";
import type { Track } from "./tracks";

const HEIGHTS_PX = { height: 150, speed: 84, battery: 84 } as const;

/** How wide an element is, in whole CSS pixels. */
export function useWidth(): [(element: HTMLElement | null) => void, number] {
  const [element, setElement] = useState<HTMLElement | null>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    if (element === null) return;
    const read = (): void => setWidth(Math.floor(element.clientWidth));
    read();
    const observer = new ResizeObserver(read);
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return [setElement, width];
}

export function Charts({ theme }: { theme: string }) {
  const replay = useReplay();
  const { height } = replay.address;
  const [done, all] = replay.progress;
  const loaded = all > 0 && done === all;
  // Measured by tests/benchmarks/replay.py: all samples are there, and this frame shows them.
  useEffect(() => {
    if (loaded) requestAnimationFrame(() => performance.mark("replay drawn"));
  }, [loaded]);
  return (
    <section class="charts" aria-label="Charts" data-testid="charts">
      {measuresOf(height).map((measure) => (
        <Chart key={measure.id} measure={measure} theme={theme} />
      ))}
    </section>
  );
}

function Chart({ measure, theme }: { measure: Measure; theme: string }) {
  const replay = useReplay();
  const container = useRef<HTMLDivElement>(null);
  const [measured, width] = useWidth();
  const [plot, setPlot] = useState<Plot | null>(null);
  useEffect(() => {
    const made = new Plot(container.current!, HEIGHTS_PX[measure.id], measure.id === "battery", {
      seek: (ms) => replay.seek(ms),
      zoom: (shown) => replay.change({ shown }),
    });
    setPlot(made);
    return () => made.destroy();
  }, [replay]);
  const { selected } = replay.address;
  const [from, to] = replay.shown;
  const columns = width - LEFT_PX - RIGHT_PX;
  const tracks = replay.tracksIn([from, to]);
  const curves = useMemo(() => curvesOf(tracks, measure, [from, to], columns), [measure, tracks, from, to, columns]);
  const drawing = useMemo(
    () => (columns > 0 ? drawingOf(replay, measure, curves, [from, to], columns) : null),
    [curves, replay.recorded, selected],
  );
  // Before the screen, or the paper, is drawn.
  useLayoutEffect(() => {
    if (plot !== null && drawing !== null) plot.draw(drawing, width, replay.timezone, theme);
  }, [plot, drawing, replay.timezone, theme]);
  return (
    <div class="chart" data-testid={`chart-${measure.id}`} data-drawn={drawing !== null && replay.tracks.size > 0}>
      <div class="chart-head">
        <h2>{measure.title}</h2>
        {measure.id === "height" && <HeightChoice />}
      </div>
      <div class="chart-plot" ref={measured} aria-hidden="true">
        <div ref={container} />
      </div>
      <Values measure={measure} />
    </div>
  );
}

function HeightChoice() {
  const replay = useReplay();
  return (
    <label class="height-choice">
      <span class="unseen">Height above</span>
      <select
        data-testid="height-datum"
        value={replay.address.height}
        onChange={(event) => replay.change({ height: event.currentTarget.value as HeightDatum })}
      >
        <option value="agl">above ground</option>
        <option value="amsl">above sea level, with terrain</option>
      </select>
    </label>
  );
}

/** What each curve is at the cursor. */
function Values({ measure }: { measure: Measure }) {
  const replay = useReplay();
  const now = replay.now;
  const { aircraft, selected } = replay.address;
  const ids = [...aircraft].sort((a, b) => Number(b === selected) - Number(a === selected));
  return (
    <div class="values" role="group" aria-label={`${measure.title} at the cursor`} tabIndex={0} data-testid={`values-${measure.id}`}>
      {ids.map((id) => {
        const moment = momentOf(replay.trackAt(id, now), replay.sources, now);
        const silent = moment.heardMs === null ? "not heard yet" : `nothing heard for ${age((now - moment.heardMs) / 1000)}`;
        const [value, remark] = moment.old ? [NOT_KNOWN, measure.id === "height" ? silent : ""] : measure.told(moment);
        const limit = moment.old || measure.limit === undefined ? "" : limitWords(moment);
        return (
          <p key={id} class={id === selected ? "value value-selected" : "value"} data-testid={`value-${measure.id}-${id}`}>
            <span class="value-who">
              {measure.id === "height" && <Glyph mark={markAt(replay.alertsOf(id), now)} stale={moment.stale} />}
              {replay.nameOf(id)}
            </span>
            <b>{value}</b>
            {id === selected && <small>{[remark, limit].filter((word) => word !== "").join(", ")}</small>}
          </p>
        );
      })}
    </div>
  );
}

/** By aircraft. */
function curvesOf(tracks: ReadonlyMap<string, Track>, measure: Measure, shown: Range, columns: number): ReadonlyMap<string, Curve> {
  if (columns <= 0) return new Map();
  return new Map([...tracks.values()].map((track) => [track.id, curveOf(track, measure.value(track), shown, columns)]));
}

function drawingOf(replay: Replay, measure: Measure, curves: ReadonlyMap<string, Curve>, shown: Range, columns: number): Drawing {
  const times = slotTimes(shown, columns);
  const { selected } = replay.address;
  const lines: Line[] = [];
  const marks: Drawing["marks"] = [];
  const track = selected === null ? undefined : replay.tracksIn(shown).get(selected);
  if (track !== undefined && measure.ground !== undefined) lines.push({ curve: curveOf(track, measure.ground(track), shown, columns), as: "ground" });
  if (track !== undefined && measure.limit !== undefined) lines.push({ curve: curveOf(track, measure.limit(track), shown, columns), as: "limit" });
  // The selected one last, on top.
  for (const [id, curve] of [...curves].sort(([a], [b]) => Number(a === selected) - Number(b === selected))) {
    lines.push({ curve, as: id === selected ? "selected" : "plain" });
    for (const level of ["warning", "breach"] as const) {
      const spans = replay
        .alertsOf(id)
        .filter((alert) => measure.marks(alert.alert.rule) && worstOf(alert) === level)
        .map(spanOf);
      if (spans.length === 0) continue;
      const marked = within(curve, times, spans.map(([raised, cleared]) => [raised, cleared ?? Infinity]));
      lines.push({ curve: marked, as: level, thin: id !== selected });
      if (id === selected) marks.push(...spans.map(([at]) => ({ at, level })));
    }
  }
  return { times, lines, marks, shown, least: measure.least };
}
