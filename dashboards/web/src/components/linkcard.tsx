import { aircraftName, momentTime } from "../format";
import { at } from "../clock";
import { alertAddress } from "../replay/address";
import { cardLevel, needsAcknowledging, type Card } from "../order";
import { Since, Status } from "./card";
import { useCardKeys } from "./cardkeys";
import { usePage } from "./context";
import { openReplay, ReplayLink } from "./replaylink";

/** One card for a link that nobody listens to: one fact about all of its aircraft, acknowledged at once. */
export function LinkCard({ card, done }: { card: Card; done: boolean }) {
  const { state, live, now, zone, acknowledge } = usePage();
  const waiting = done ? [] : card.alerts.filter(needsAcknowledging);
  const head = card.alerts[0];
  const replay = head === undefined ? null : { ...alertAddress(head, now), aircraft: card.alerts.map((alert) => alert.aircraft_id) };
  const onKey = useCardKeys(() => acknowledge(waiting), () => undefined, () => replay !== null && openReplay(replay));
  if (head === undefined || replay === null) return null;
  const requests = card.alerts.map((alert) => state.requests.get(alert.id)).filter((one) => one !== undefined);
  const busy = requests.some((one) => one.status === "sending" || one.status === "accepted");
  const problem = requests.find((one) => one.problem !== null)?.problem;
  const names = card.alerts.map((alert) => aircraftName({ name: alert.aircraft_name, system_id: alert.system_id }));
  const seen = head.acknowledged;
  return (
    <article
      class={`card card-${done ? "done" : cardLevel(card)}${waiting.length > 0 ? " card-waits" : ""}`}
      tabIndex={0}
      aria-label={`${card.alerts.length} aircraft of link ${card.link}: ${head.what}`}
      data-testid={`card-${card.id}`}
      data-level={cardLevel(card)}
      data-unacknowledged={waiting.length}
      onKeyDown={onKey}
    >
      <div class="card-top">
        <Status alert={head} done={done} blink={waiting.length > 0} />
        <b class="card-name">
          {card.link}: {card.alerts.length} aircraft
        </b>
        <Since alert={head} />
      </div>
      <p class="what">{head.what}</p>
      <p class="times">
        since {momentTime(at(head.start), now, zone)} · {names.join(", ")}
      </p>
      <div class="handling">
        {waiting.length > 0 ? (
          <button
            type="button"
            class="button ack ack-main"
            data-testid={`ack-${card.id}`}
            aria-disabled={busy || !live}
            onClick={() => {
              if (live) acknowledge(waiting);
            }}
          >
            {busy ? "Sending…" : `Acknowledge all ${waiting.length}`} <kbd>A</kbd>
          </button>
        ) : (
          seen !== null && (
            <span class="acknowledged">
              Acknowledged by {seen.station}, {momentTime(at(seen.at), now, zone)}
            </span>
          )
        )}
        <ReplayLink address={replay} id={card.id} kbd />
        {problem != null && (
          <span class="problem" role="alert">
            {problem}
          </span>
        )}
      </div>
    </article>
  );
}
