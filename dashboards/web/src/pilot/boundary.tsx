import { NOT_KNOWN, number } from "../format";
import type { Aircraft, Around } from "../protocol";
import { arrow, current, meeting } from "./view";

/** The boundary that is met first, else the nearest: how far, how soon, and where. */
export function Boundary({ aircraft, around, now }: { aircraft: Aircraft; around: Around | null; now: number | null }) {
  const boundary = around?.boundary ?? null;
  if (boundary === null) {
    const why = around === null ? "Zones are not known yet" : (around.problem ?? `no boundary within ${number(around.reach_m / 1000, "km")}`);
    return (
      <section class="boundary boundary-none" aria-label="Nearest boundary" data-testid="boundary">
        <p>{why}</p>
      </section>
    );
  }
  return (
    <section class={`boundary${current(around, now) ? "" : " old"}`} aria-label="Nearest boundary" data-testid="boundary">
      <Pointer bearing={boundary.bearing_deg} aircraft={aircraft} now={now} />
      <div>
        <p class="distance">
          <b>{boundary.distance_m < 1000 ? number(boundary.distance_m, "m") : number(boundary.distance_m / 1000, "km", 1)}</b>
          <span data-testid="seconds">{boundary.seconds === null ? (boundary.inside && boundary.kind === "keep_out" ? NOT_KNOWN : "over 10 s") : number(boundary.seconds, "s")}</span>
        </p>
        <p class="which">
          {meeting(boundary)} {boundary.zone_name}
        </p>
      </div>
    </section>
  );
}

/** An arrow that says what is up. */
export function Pointer({ bearing, aircraft, now }: { bearing: number; aircraft: Pick<Aircraft, "heading_deg" | "position_time">; now: number | null }) {
  const { turn, nose } = arrow(bearing, aircraft, now);
  return (
    <figure class="pointer" data-testid="pointer" data-nose={nose} data-turn={turn.toFixed(0)}>
      <svg viewBox="-50 -50 100 100" aria-hidden="true">
        <circle r="46" />
        <path d="M0-38 24 30 0 16-24 30z" style={{ transform: `rotate(${turn}deg)` }} />
      </svg>
      <figcaption>
        {number(bearing, "")}° true
        <small>{nose ? "arrow from the nose" : "north up"}</small>
      </figcaption>
    </figure>
  );
}
