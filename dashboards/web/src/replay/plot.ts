// One chart: uPlot, fed with curves. It has no clock and no store.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { clockTime } from "../format";
import { SHAPE } from "../glyphs";
import { colours } from "../map/images";
import type { Level } from "../protocol";
import type { Range } from "./address";
import { extentOf, type Curve } from "./curve";

/** Left of the charts are the numbers of their axes; the lane of events keeps clear of them too. */
export const LEFT_PX = 56;
export const RIGHT_PX = 12;
const TIMES_PX = 26;
const MARK_PX = 14;

export interface Line {
  curve: Curve;
  as: "plain" | "selected" | "limit" | "ground" | Level;
  thin?: boolean;
}

export interface Span {
  at: number;
  level: Level;
}

export interface Drawing {
  times: number[];
  lines: Line[];
  /** Where an alert begins. */
  marks: Span[];
  shown: Range;
  least: readonly [number, number];
}

export interface PlotHandlers {
  seek(ms: number): void;
  zoom(shown: Range): void;
}

export class Plot {
  private plot: uPlot | null = null;
  private kinds = "";
  private drawing: Drawing | null = null;

  constructor(
    private readonly container: HTMLElement,
    private readonly height: number,
    private readonly withTimes: boolean,
    private readonly handlers: PlotHandlers,
  ) {}

  destroy(): void {
    this.plot?.destroy();
    this.plot = null;
  }

  /** theme: another one makes it anew, in the colours of now. */
  draw(drawing: Drawing, width: number, timezone: string, theme: string): void {
    this.drawing = drawing;
    const kinds = [theme, timezone, ...drawing.lines.map((line) => `${line.as}${line.thin === true}`)].join();
    const data = [drawing.times, ...drawing.lines.map((line) => line.curve)] as uPlot.AlignedData;
    if (this.plot === null || kinds !== this.kinds) {
      this.destroy();
      this.kinds = kinds;
      this.plot = new uPlot(this.options(width, timezone), data, this.container);
      return;
    }
    const size = this.size(width);
    if (this.plot.width !== size.width) this.plot.setSize(size);
    this.plot.setData(data);
  }

  private size(width: number): { width: number; height: number } {
    return { width, height: this.height + (this.withTimes ? TIMES_PX : 0) };
  }

  private options(width: number, timezone: string): uPlot.Options {
    const colour = colours();
    const axis = { stroke: colour("text-muted"), font: `12px ${colour("font")}`, ticks: { show: false }, grid: { stroke: colour("line"), width: 1 } };
    return {
      ...this.size(width),
      ms: 1,
      tzDate: (ms) => uPlot.tzDate(new Date(ms), timezone),
      padding: [6, RIGHT_PX, this.withTimes ? 0 : 6, 0],
      legend: { show: false },
      cursor: { x: false, y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
      select: { show: true, left: 0, top: 0, width: 0, height: 0 },
      scales: { x: { time: true, range: () => this.drawing?.shown ?? [0, 1] }, y: { range: () => this.extent() } },
      axes: [
        { ...axis, size: this.withTimes ? TIMES_PX : 0, space: 90, values: (_, splits) => (this.withTimes ? timesOf(splits, timezone, this.drawing?.shown ?? [0, 1]) : splits.map(() => "")) },
        { ...axis, size: LEFT_PX, space: 28 },
      ],
      series: [{}, ...(this.drawing?.lines ?? []).map((line) => seriesOf(line, colour))],
      hooks: {
        draw: [(plot) => this.mark(plot, colour)],
        setSelect: [(plot) => this.selected(plot)],
        ready: [(plot) => this.listen(plot)],
      },
    };
  }

  private extent(): [number, number] {
    const { lines, least } = this.drawing ?? { lines: [], least: [0, 1] as const };
    const found = extentOf(lines.map((line) => line.curve));
    const low = Math.min(least[0], found?.[0] ?? Infinity);
    const high = Math.max(least[1], found?.[1] ?? -Infinity);
    if (!(low <= high)) return [0, 1];
    const room = Math.max(high - low, 1) * 0.08;
    return [low === least[0] ? low : low - room, high === 100 && least[1] === 100 ? high : high + room];
  }

  private listen(plot: uPlot): void {
    let dragged = false;
    plot.over.addEventListener("mousedown", () => (dragged = false));
    plot.over.addEventListener("mousemove", (event) => (dragged ||= event.buttons !== 0 && plot.select.width > 3));
    plot.over.addEventListener("click", (event) => {
      if (!dragged) this.handlers.seek(plot.posToVal(event.clientX - plot.over.getBoundingClientRect().left, "x"));
    });
  }

  private selected(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width <= 3) return;
    const shown: Range = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.handlers.zoom(shown);
  }

  /** The shape of an alert where it begins: colour is never alone. */
  private mark(plot: uPlot, colour: (token: string) => string): void {
    const { ctx: context, bbox } = plot;
    const size = MARK_PX * devicePixelRatio;
    for (const { at, level } of this.drawing?.marks ?? []) {
      const x = plot.valToPos(at, "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      const shape = SHAPE[level];
      context.save();
      context.translate(x - size / 2, bbox.top);
      context.scale(size / 24, size / 24);
      const outline = new Path2D(shape.outline);
      context.fillStyle = colour("map-halo");
      context.fill(outline);
      if (shape.fill !== null) {
        context.fillStyle = colour(shape.colour);
        context.fill(new Path2D(shape.fill));
      }
      context.strokeStyle = colour(shape.edge);
      context.lineWidth = 3;
      context.stroke(outline);
      context.restore();
    }
  }
}

/** With seconds where they differ; none so near to the right edge that it would be cut. */
function timesOf(splits: readonly number[], timezone: string, [from, to]: Range): string[] {
  const whole = splits.every((ms) => ms % 60_000 === 0);
  return splits.map((ms) => {
    if (ms > to - (to - from) * 0.05) return "";
    const [time = "", zone = ""] = clockTime(ms, timezone).split(" ");
    return `${whole ? time.slice(0, 5) : time} ${zone}`;
  });
}

function seriesOf({ as, thin }: Line, colour: (token: string) => string): uPlot.Series {
  const points = { show: false };
  switch (as) {
    case "limit":
      return { stroke: colour("text-muted"), width: 1.5, dash: [6, 4], points, fill: colour("map-zone-fill"), fillTo: (plot) => plot.scales.y!.max! };
    case "ground":
      return { stroke: colour("map-zone"), width: 1.5, points, fill: colour("map-grid"), fillTo: (plot) => plot.scales.y!.min! };
    case "selected":
      return { stroke: colour("text"), width: 2, points };
    case "plain":
      return { stroke: colour("map-trail"), width: 1, points };
    default:
      return { stroke: colour(SHAPE[as].edge), width: thin === true ? 1.5 : 3.5, points };
  }
}
