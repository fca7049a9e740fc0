import { at as timeOf } from "../clock";
import { RANK } from "../order";
import type { Level } from "../protocol";
import { SHAPE } from "../glyphs";
import { useWidth } from "./charts";
import { WHY } from "./alerts";
import { useReplay } from "./context";
import { spanOf, worstOf } from "./moment";
import type { ReplayAlert } from "./record";
import { LEFT_PX, RIGHT_PX } from "./plot";

const ROW_PX = 16;
const ROWS = 3;
/** How strong what is not of the selected aircraft is drawn. */
const OTHER = 0.45;
const HEIGHT_PX = ROWS * ROW_PX + 6;

/** Telemetry gaps hatched, alerts as spans, acknowledgements as ticks. What it shows stands in the lists too, for the keyboard. */
export function Lane() {
  const replay = useReplay();
  const [measured, width] = useWidth();
  const [from, to] = replay.shown;
  const across = Math.max(0, width - LEFT_PX - RIGHT_PX);
  const x = (ms: number): number => LEFT_PX + (Math.min(Math.max(ms, from), to) - from) * (across / (to - from));
  const seen = (begin: number, end: number): boolean => begin < to && end > from;
  const { selected } = replay.address;
  const isOther = (alert: ReplayAlert): boolean => selected !== null && alert.alert.aircraft_id !== selected;
  const recorded = replay.recorded;
  const gaps = replay.gaps
    .map((gap) => ({ gap, begin: timeOf(gap.from) ?? 0, end: timeOf(gap.to) ?? 0 }))
    .filter(({ begin, end }) => seen(begin, end));
  const spans = (recorded?.alerts ?? [])
    .map((alert) => ({ alert, level: worstOf(alert), begin: spanOf(alert)[0], end: spanOf(alert)[1] ?? to }))
    .filter(({ begin, end }) => seen(begin, end))
    .sort((a, b) => Number(isOther(a.alert)) - Number(isOther(b.alert)) || RANK[a.level] - RANK[b.level] || a.begin - b.begin);
  const rows = stacked(spans.map(({ begin, end }) => [begin, Math.max(end, begin + ((to - from) / Math.max(across, 1)) * ROW_PX)]));
  const ticks = (recorded?.alerts ?? [])
    .flatMap((alert) => alert.handling)
    .map((one) => ({ one, at: timeOf(one.at) ?? 0 }))
    .filter(({ at }) => from <= at && at < to);
  return (
    <section class="lane" aria-label="Events" data-testid="lane" data-gaps={gaps.length} data-alerts={spans.length} data-ticks={ticks.length}>
      <div ref={measured}>
        <svg width={width} height={HEIGHT_PX} viewBox={`0 0 ${width} ${HEIGHT_PX}`} preserveAspectRatio="none" aria-hidden="true">
          <defs>
            <pattern id="gap" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <line x1="0" y1="0" x2="0" y2="6" stroke="var(--line-strong)" stroke-width="2" />
            </pattern>
          </defs>
          <text x={LEFT_PX - 6} y={HEIGHT_PX / 2 + 4} text-anchor="end" class="lane-name">
            events
          </text>
          <rect x={LEFT_PX} y="0" width={across} height={HEIGHT_PX} fill="var(--raised)" stroke="var(--line)" />
          {gaps.map(({ gap, begin, end }, index) => (
            <rect key={index} x={x(begin)} y="1" width={Math.max(2, x(end) - x(begin))} height={HEIGHT_PX - 2} fill="url(#gap)" opacity={gap.aircraft_id === null || gap.aircraft_id === selected ? 1 : OTHER}>
              <title>{`from ${gap.from} to ${gap.to}: ${WHY[gap.reason]}`}</title>
            </rect>
          ))}
          {spans.map(({ alert, level, begin, end }, index) => (
            <g
              key={alert.alert.id}
              class="lane-alert"
              onClick={() => {
                replay.change({ selected: alert.alert.aircraft_id });
                replay.seek(begin);
              }}
            >
              <rect
                x={x(begin)}
                y={3 + (rows[index] ?? 0) * ROW_PX + 4}
                width={Math.max(3, x(end) - x(begin))}
                height={ROW_PX - 8}
                fill={fillOf(level)}
                stroke={`var(--${SHAPE[level].edge})`}
                opacity={isOther(alert) ? OTHER : 1}
              />
              <g transform={`translate(${x(begin) - 1} ${3 + (rows[index] ?? 0) * ROW_PX + 1}) scale(${(ROW_PX - 2) / 26})`}>
                <path d={SHAPE[level].outline} fill="var(--raised)" />
                {SHAPE[level].fill !== null && <path d={SHAPE[level].fill!} fill={`var(--${SHAPE[level].colour})`} />}
                <path d={SHAPE[level].outline} fill="none" stroke={`var(--${SHAPE[level].edge})`} stroke-width="3" />
              </g>
              <title>{`${alert.alert.rule}: ${alert.alert.what}`}</title>
            </g>
          ))}
          {ticks.map(({ one, at }, index) => (
            <g key={index} class="lane-tick">
              <line x1={x(at)} x2={x(at)} y1="0" y2={HEIGHT_PX} stroke="var(--text)" stroke-width="2" />
              <path d={`M${x(at) - 5} 0h10l-5 7z`} fill="var(--text)" />
              <title>{`${one.action.replaceAll("_", " ")} by ${one.station}`}</title>
            </g>
          ))}
        </svg>
      </div>
    </section>
  );
}

const fillOf = (level: Level): string => (SHAPE[level].fill === null ? "var(--raised)" : `var(--${SHAPE[level].colour})`);

/** In which row each span stands, so that they do not cover each other while there is room; the first have it. */
export function stacked(spans: readonly [number, number][]): number[] {
  const held: [number, number][][] = Array.from({ length: ROWS }, () => []);
  return spans.map(([begin, end]) => {
    const free = held.findIndex((row) => row.every(([from, to]) => end <= from || to <= begin));
    const row = free === -1 ? ROWS - 1 : free;
    held[row]!.push([begin, end]);
    return row;
  });
}
