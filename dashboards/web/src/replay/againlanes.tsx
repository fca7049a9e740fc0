import { at as timeOf } from "../clock";
import { SHAPE } from "../glyphs";
import type { Range } from "./address";
import { sidesOf, type RerunAlert, type RerunPair } from "./aside";
import { useWidth } from "./charts";
import { useReplay } from "./context";
import { stacked } from "./lane";
import { LEFT_PX, RIGHT_PX } from "./plot";
import type { AgainState } from "./useagain";

const ROW_PX = 16;
const LANE_PX = 3 * ROW_PX + 6;
const HEIGHT_PX = 2 * LANE_PX + 4;

/** Both sides of a run on the page's own time axis, one lane each; what differs is framed through both and marked ≠. The panel
 * says the same in words. */
export function AgainLanes({ again }: { again: AgainState }) {
  const replay = useReplay();
  const [measured, width] = useWidth();
  const result = again.job?.result ?? null;
  if (result === null) return null;
  const shown = replay.shown;
  const [from, to] = shown;
  const across = Math.max(0, width - LEFT_PX - RIGHT_PX);
  const x = (ms: number): number => LEFT_PX + (Math.min(Math.max(ms, from), to) - from) * (across / (to - from));
  const names = sidesOf(result);
  const differing = result.alerts.filter((pair) => pair.differs.length > 0 && isSeen(extentOf(pair, to), shown));
  return (
    <section class="lane again-lanes" aria-label={`${names[0]} and ${names[1]}`} data-testid="again-lanes" data-differing={differing.length}>
      <div ref={measured}>
        <svg width={width} height={HEIGHT_PX} aria-hidden="true">
          {(["then", "now"] as const).map((side, index) => (
            <g key={side} transform={`translate(0 ${index * (LANE_PX + 4)})`}>
              <text x={LEFT_PX - 6} y={LANE_PX / 2 + 4} text-anchor="end" class="lane-name">
                {names[index]}
              </text>
              <rect x={LEFT_PX} y="0" width={across} height={LANE_PX} fill="var(--raised)" stroke="var(--line)" />
              <Spans alerts={result.alerts.map((pair) => pair[side])} shown={shown} across={across} x={x} />
            </g>
          ))}
          {differing.map((pair, index) => {
            const [begin, end] = extentOf(pair, to);
            const [left, right] = [x(begin) - 5, Math.max(x(end), x(begin) + ROW_PX) + 3];
            return (
              <g key={index} class="lane-differs">
                <rect x={left} y="1" width={right - left} height={HEIGHT_PX - 2} />
                <text x={right - 3} y={HEIGHT_PX - 5} text-anchor="end">
                  ≠
                </text>
                <title>{pair.differs.join(", ")}</title>
              </g>
            );
          })}
        </svg>
      </div>
    </section>
  );
}

interface SpansProps {
  alerts: (RerunAlert | null)[];
  shown: Range;
  across: number;
  x(ms: number): number;
}

function Spans({ alerts, shown, across, x }: SpansProps) {
  const replay = useReplay();
  const [from, to] = shown;
  const seen = alerts.filter((alert): alert is RerunAlert => alert !== null && isSeen(spanOf(alert, to), shown));
  const least = ((to - from) / Math.max(across, 1)) * ROW_PX;
  const rows = stacked(seen.map((alert) => [spanOf(alert, to)[0], Math.max(spanOf(alert, to)[1], spanOf(alert, to)[0] + least)]));
  return (
    <>
      {seen.map((alert, index) => {
        const [begin, end] = spanOf(alert, to);
        const shape = SHAPE[alert.level];
        return (
          <g key={alert.id} class="lane-alert" transform={`translate(0 ${3 + (rows[index] ?? 0) * ROW_PX})`} onClick={() => replay.seek(begin)}>
            <rect
              x={x(begin)}
              y="4"
              width={Math.max(3, x(end) - x(begin))}
              height={ROW_PX - 8}
              fill={shape.fill === null ? "var(--raised)" : `var(--${shape.colour})`}
              stroke={`var(--${shape.edge})`}
            />
            <g transform={`translate(${x(begin) - 1} 1) scale(${(ROW_PX - 2) / 26})`}>
              <path d={shape.outline} fill="var(--raised)" />
              {shape.fill !== null && <path d={shape.fill} fill={`var(--${shape.colour})`} />}
              <path d={shape.outline} fill="none" stroke={`var(--${shape.edge})`} stroke-width="3" />
            </g>
            <title>{`${alert.rule}: ${alert.what}`}</title>
          </g>
        );
      })}
    </>
  );
}

const spanOf = (alert: RerunAlert, to: number): Range => [timeOf(alert.start) ?? 0, timeOf(alert.end) ?? to];

const isSeen = ([begin, end]: Range, [from, to]: Range): boolean => begin < to && end > from;

function extentOf(pair: RerunPair, to: number): Range {
  const spans = [pair.then, pair.now].filter((one) => one !== null).map((one) => spanOf(one, to));
  return [Math.min(...spans.map(([begin]) => begin)), Math.max(...spans.map(([, end]) => end))];
}
