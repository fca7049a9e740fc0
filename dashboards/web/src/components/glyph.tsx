import { WORD } from "../format";
import { SHAPE, type Mark } from "../glyphs";
import type { Level } from "../protocol";

interface GlyphProps {
  mark: Mark;
  stale?: boolean;
  blink?: boolean;
}

/** The shape of a status. Decoration for a screen reader: the word always stands beside it. */
export function Glyph({ mark, stale = false, blink = false }: GlyphProps) {
  const shape = SHAPE[mark.level];
  const edge = mark.breachEdge ? "breach" : shape.edge;
  return (
    <svg class={`glyph${blink ? " blinks" : ""}`} viewBox="-1 -1 26 26" aria-hidden="true" focusable="false">
      <path d={shape.outline} fill="var(--raised)" />
      {shape.fill !== null && !stale && <path d={shape.fill} fill={`var(--${shape.colour})`} />}
      <path
        d={shape.outline}
        fill="none"
        stroke={`var(--${edge})`}
        stroke-width={mark.breachEdge ? 3 : 2}
        stroke-dasharray={stale ? "4 2" : undefined}
        stroke-linejoin="round"
      />
    </svg>
  );
}

/** The word of a status in its colour; LOST LINK with how long. */
export function Badge({ level, detail }: { level: Level; detail?: string | undefined }) {
  return (
    <span class={`badge badge-${level}`} data-level={level}>
      {WORD[level]}
      {detail === undefined ? "" : ` ${detail}`}
    </span>
  );
}
