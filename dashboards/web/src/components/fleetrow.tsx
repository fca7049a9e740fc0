import { memo } from "./memo";
import { age as ageText, aircraftName, duration, heightSource, heightValue, NOT_KNOWN, number, positionProblem, unregisteredLink, WORD } from "../format";
import { markOf } from "../glyphs";
import type { Aircraft } from "../protocol";
import { Detail } from "./detail";
import { Badge, Glyph } from "./glyph";

export const STALE_S = 5;

interface RowProps {
  aircraft: Aircraft;
  /** Whole seconds, so that a row is drawn again once a second and not with each frame. */
  age: number | null;
  positionAge: number | null;
  unacknowledged: boolean;
  selected: boolean;
  reachable: boolean;
  /** The same function at each drawing. */
  show(aircraftId: string | null, look: boolean): void;
}

export const FleetRow = memo(function FleetRow({ aircraft, age, positionAge, unacknowledged, selected, reachable, show }: RowProps) {
  const stale = age !== null && age > STALE_S && !aircraft.ended;
  const mark = markOf(aircraft);
  const problem = positionProblem(aircraft);
  const oldPosition = problem === null && positionAge !== null && age !== null && positionAge > age + STALE_S;
  const link = unregisteredLink(aircraft);
  const loud = aircraft.level !== "clear";
  return (
    <li>
      <button
        type="button"
        class={`row${selected ? " selected" : ""}`}
        data-testid={`fleet-row-${aircraft.id}`}
        data-level={aircraft.level}
        aria-expanded={selected}
        tabIndex={reachable ? 0 : -1}
        onClick={() => show(selected ? null : aircraft.id, !selected)}
      >
        <Glyph mark={mark} stale={stale} blink={unacknowledged} />
        <b class="name">{aircraftName(aircraft)}</b>
        <span class="num">{heightValue(aircraft.height)}</span>
        <span class="num">{number(aircraft.speed_mps, "m/s")}</span>
        <span class="num">{number(aircraft.battery_pct, "%")}</span>
        <span class={`num${stale ? " old" : ""}`} data-testid={`row-age-${aircraft.id}`}>
          {ageText(age)}
        </span>
        <span class="under">
          {loud ? (
            <>
              <Badge level={aircraft.level} detail={aircraft.level === "lost" ? duration(age) : undefined} />
              {mark.breachEdge && <Badge level="lost" detail={duration(age)} />}
            </>
          ) : (
            <small data-level="clear">{aircraft.ended ? "ENDED" : WORD.clear}</small>
          )}
          {link !== null && <small class="link">{link}</small>}
          {stale && <small class="tag">OLD</small>}
          {aircraft.replay && <small class="tag">REPLAY</small>}
          <small class="source">{heightSource(aircraft.height)}</small>
        </span>
        {(problem !== null || oldPosition) && (
          <span class="note">
            {problem ?? "position is older"}
            {positionAge !== null ? `, last position ${ageText(positionAge)} ago` : problem === null ? NOT_KNOWN : ""}
          </span>
        )}
      </button>
      {selected && <Detail aircraft={aircraft} />}
    </li>
  );
});
