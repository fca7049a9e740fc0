import type { ComponentChildren } from "preact";
import { ageSeconds, at } from "../clock";
import { age, aircraftName, duration, momentTime, unregisteredLink, WORD } from "../format";
import { alertAddress } from "../replay/address";
import { cardLevel, needsAcknowledging, stands, type Card } from "../order";
import type { Alert } from "../protocol";
import { useCardKeys } from "./cardkeys";
import { usePage } from "./context";
import { Badge, Glyph } from "./glyph";
import { openReplay, ReplayLink } from "./replaylink";

const OLD_GUIDANCE_S = 2;

/** One aircraft's alerts: the worst in full, the others as lines. Kept until all is acknowledged and cleared. */
export function AlertCard({ card, done }: { card: Card; done: boolean }) {
  const page = usePage();
  const [head, ...others] = card.alerts;
  if (head === undefined) return null;
  // One press, one alert: nothing that came up in the same moment is acknowledged unread.
  const first = card.alerts.find(needsAcknowledging);
  const level = cardLevel(card);
  const waits = needsAcknowledging(head) && !done;
  const who = { name: head.aircraft_name, system_id: head.system_id, link_name: head.link_name };
  const name = aircraftName(who);
  const link = unregisteredLink(who);

  const onKey = useCardKeys(() => {
    if (first !== undefined && !done) page.acknowledge([first]);
  }, () => page.show(card.id, true), () => openReplay(alertAddress(head, page.now)));

  return (
    <article
      class={`card card-${done ? "done" : level}${waits ? " card-waits" : ""}${page.selected === card.id ? " selected" : ""}`}
      tabIndex={0}
      aria-label={`${name}: ${stands(head) ? WORD[head.level] : "cleared"}, ${head.what}`}
      data-testid={`card-${card.id}`}
      data-level={level}
      data-unacknowledged={done ? 0 : card.unacknowledged}
      onKeyDown={onKey}
    >
      <div class="card-top">
        <Status alert={head} done={done} blink={!done && needsAcknowledging(head)} />
        <span class="card-name">
          <b>{name}</b>
          {link !== null && <small> {link}</small>}
        </span>
        <Since alert={head} />
      </div>
      <p class="what" data-testid={`what-${head.id}`}>
        {head.what}
        {!head.confirmed && <span class="tag">UNCONFIRMED</span>}
      </p>
      {stands(head) && head.way_back !== null && <WayBack alert={head} />}
      <Times alert={head} />
      <Handling alert={head} done={done} main>
        <button type="button" class="button show" data-testid={`show-${card.id}`} onClick={() => page.show(card.id, true)}>
          Show <kbd>Enter</kbd>
        </button>
        <ReplayLink address={alertAddress(head, page.now)} id={card.id} kbd />
      </Handling>
      {others.length > 0 && (
        <ul class="lines">
          {others.map((alert) => (
            <li key={alert.id} data-testid={`line-${alert.id}`}>
              <div class="line-text">
                <Status alert={alert} done={done} blink={!done && needsAcknowledging(alert)} />
                <p>
                  {alert.what} <Since alert={alert} />
                </p>
              </div>
              <Handling alert={alert} done={done} />
            </li>
          ))}
        </ul>
      )}
    </article>
  );
}

export function Status({ alert, done, blink }: { alert: Alert; done: boolean; blink: boolean }) {
  if (stands(alert) && !done) {
    return (
      <span class="status-mark">
        <Glyph mark={{ level: alert.level, breachEdge: false }} blink={blink} />
        <Badge level={alert.level} detail={alert.ahead_s === null ? undefined : `${Math.max(1, Math.floor(alert.ahead_s))} s`} />
      </span>
    );
  }
  return (
    <span class="status-mark">
      <Glyph mark={{ level: "clear", breachEdge: false }} stale blink={blink} />
      <span class="badge badge-cleared">
        {needsAcknowledging(alert) && !done ? "CLEARED, NOT SEEN" : "CLEARED"}
        {alert.level !== "clear" && <small> was {WORD[alert.level]}</small>}
      </span>
    </span>
  );
}

/** How long it lasts, or lasted. */
export function Since({ alert }: { alert: Alert }) {
  const { now } = usePage();
  const start = at(alert.start);
  const end = stands(alert) ? now : at(alert.cleared_at);
  const seconds = start === null || end === null ? null : Math.max(0, (end - start) / 1000);
  return <span class="since">{stands(alert) ? duration(seconds) : `for ${duration(seconds)}`}</span>;
}

function WayBack({ alert }: { alert: Alert }) {
  const { now } = usePage();
  const seconds = ageSeconds(alert.guidance_at, now);
  const old = seconds === null || seconds > OLD_GUIDANCE_S;
  return (
    <p class={`way-back${old ? " way-old" : ""}`} data-testid={`way-back-${alert.id}`} data-old={old}>
      {alert.way_back}
      {old && <small>from a position {seconds === null ? "of unknown age" : `${age(seconds)} old`}</small>}
    </p>
  );
}

function Times({ alert }: { alert: Alert }) {
  const { now, zone } = usePage();
  const time = (iso: string | null): string => momentTime(at(iso), now, zone);
  const versions = alert.zone_versions.length > 0 ? ` version ${alert.zone_versions.join(", ")}` : "";
  return (
    <p class="times">
      since {time(alert.start)}
      {alert.cleared_at !== null && <>, cleared {time(alert.cleared_at)}</>}
      {alert.zone_name !== null && (
        <>
          {" · "}
          {alert.zone_name}
          {versions}
        </>
      )}
      {" · "}
      {alert.rule}
      {alert.pilot_saw !== null && (
        <b data-testid={`pilot-saw-${alert.id}`}>
          {" · "}
          pilot {alert.pilot_saw.station} saw {time(alert.pilot_saw.at)}
        </b>
      )}
    </p>
  );
}

interface HandlingProps {
  alert: Alert;
  done: boolean;
  main?: boolean;
  children?: ComponentChildren;
}

/** Acknowledged only when the server has said so; what went wrong stands beside the button. */
function Handling({ alert, done, main = false, children }: HandlingProps) {
  const { state, now, zone, live, acknowledge } = usePage();
  const request = state.requests.get(alert.id);
  const by = alert.acknowledged;
  const waits = needsAcknowledging(alert) && !done;
  const busy = request?.status === "sending" || request?.status === "accepted";
  return (
    <div class="handling" data-testid={`handling-${alert.id}`} data-state={alert.state}>
      {waits && (
        <button
          type="button"
          class={`button ack${main ? " ack-main" : ""}`}
          data-testid={`ack-${alert.id}`}
          aria-disabled={busy || !live}
          onClick={(event) => {
            // The button goes when the server answers: who works by keyboard stays on the card.
            if (event.detail === 0) event.currentTarget.closest<HTMLElement>(".card")?.focus();
            if (live) acknowledge([alert]);
          }}
        >
          {busy ? "Sending…" : "Acknowledge"} {main && <kbd>A</kbd>}
        </button>
      )}
      {!waits && by !== null && (
        <span class="acknowledged" data-testid={`acknowledged-${alert.id}`}>
          Acknowledged by {by.station}, {momentTime(at(by.at), now, zone)}
        </span>
      )}
      {waits && by !== null && <span class="acknowledged">Worse since {by.station} acknowledged it</span>}
      {children}
      {waits && !live && <span class="problem">Not possible while the connection is lost</span>}
      {request?.problem != null && (
        <span class="problem" role="alert" data-testid={`ack-problem-${alert.id}`}>
          {request.problem}
        </span>
      )}
    </div>
  );
}
