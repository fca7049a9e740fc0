import { heightSource, number, NOT_KNOWN } from "../format";
import type { Aircraft, Around } from "../protocol";
import { BAR_TO, limited, share } from "./view";

function limitWords(around: Around | null): string {
  if (around === null) return "limit not known yet";
  if (around.limit === null) return around.problem ?? "no limit above ground";
  return `limit ${number(around.limit.m, "m")} ${around.limit.datum}, ${around.limit.by}`;
}

/** The largest figure of the page, with a bar to its limit. */
export function HeightFigure({ aircraft, around }: { aircraft: Aircraft; around: Around | null }) {
  const { height } = aircraft;
  const both = limited(aircraft, around);
  return (
    <section class="height" aria-label="Height" data-testid="height">
      <p class="height-value">
        <b>{height === null ? NOT_KNOWN : number(height.m, "")}</b>
        <span>
          {height === null ? "no height" : `m ${height.datum}`}
          <small>{heightSource(height)}</small>
        </span>
      </p>
      <div class="gauge" aria-hidden="true">
        {both !== null && (
          <>
            <div class={`gauge-fill${both.height > both.limit ? " gauge-over" : ""}`} style={{ width: `${100 * share(both.height, both.limit)}%` }} />
            <div class="gauge-limit" style={{ left: `${100 / BAR_TO}%` }} />
          </>
        )}
      </div>
      <p class="limit" data-testid="limit">
        {limitWords(around)}
      </p>
    </section>
  );
}
