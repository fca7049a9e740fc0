import { Badge, Glyph } from "../components/glyph";
import { at as timeOf } from "../clock";
import { duration, momentTime } from "../format";
import { useReplay } from "./context";
import { spanOf, stoodAt, worstOf } from "./moment";
import type { Gap, ReplayAlert } from "./record";

/** The alerts of the range; each goes to where it begins. */
export function Alerts() {
  const replay = useReplay();
  const { recorded, now } = replay;
  const alerts = recorded?.alerts ?? [];
  return (
    <section class="panel" aria-label="Alerts" data-testid="alerts">
      <h2>
        {recorded === null ? "Alerts" : `${alerts.length} ${alerts.length === 1 ? "alert" : "alerts"}`}
        {recorded?.truncated === true && <small> and more: ask for a shorter time</small>}
      </h2>
      {recorded === null && <p class="empty">Not known yet.</p>}
      {recorded !== null && alerts.length === 0 && <p class="empty">No alert stood at any time of this range.</p>}
      <ol class="alert-list">
        {alerts.map((alert) => (
          <Row key={alert.alert.id} alert={alert} stands={stoodAt(alert, now) !== null} />
        ))}
      </ol>
    </section>
  );
}

function Row({ alert, stands }: { alert: ReplayAlert; stands: boolean }) {
  const replay = useReplay();
  const [raised, cleared] = spanOf(alert);
  const level = worstOf(alert);
  const time = (ms: number | null): string => momentTime(ms, raised, replay.timezone);
  return (
    <li>
      <button
        type="button"
        class={`alert-row${stands ? " alert-stands" : ""}`}
        aria-current={stands ? "time" : undefined}
        data-testid={`alert-${alert.alert.id}`}
        onClick={() => {
          replay.change({ selected: alert.alert.aircraft_id });
          replay.seek(timeOf(alert.alert.start) ?? raised);
        }}
      >
        <span class="alert-head">
          <Glyph mark={{ level, breachEdge: false }} />
          <Badge level={level} />
          <b>{replay.nameOf(alert.alert.aircraft_id)}</b>
          <span class="alert-time">{momentTime(timeOf(alert.alert.start), replay.shown[0], replay.timezone)}</span>
        </span>
        <span class="alert-what">{worstWords(alert)}</span>
        <small>
          {alert.alert.rule}
          {alert.alert.zone_name === null ? "" : ` · ${alert.alert.zone_name}`} ·{" "}
          {cleared === null ? "still stands" : `for ${duration((cleared - (timeOf(alert.alert.start) ?? raised)) / 1000)}`}
        </small>
        {alert.handling.map((one, index) => (
          <small key={index}>
            {one.action === "acknowledged" ? "acknowledged by" : "seen by pilot"} {one.station}, {time(timeOf(one.at))}
          </small>
        ))}
      </button>
    </li>
  );
}

/** What was said when it was worst: the last words may be that it is over. */
function worstWords(alert: ReplayAlert): string {
  const told = alert.events.filter((event) => event.condition !== "cleared");
  const worst = told.reduce<(typeof told)[number] | undefined>(
    (held, one) => (held === undefined || (one.beyond_m ?? 0) > (held.beyond_m ?? 0) ? one : held),
    undefined,
  );
  return worst?.what ?? alert.alert.what;
}

export const WHY: Record<Gap["reason"], string> = {
  dropped: "ingest had no room for them while Kafka was away",
  no_room: "the kernel had no room for datagrams",
  not_listening: "nobody listened to the link",
  nothing_came: "listened, and nothing came",
  silent: "nothing came; it was not known to be in the air",
};

/** What is missing, as words. */
export function Gaps() {
  const replay = useReplay();
  const { recorded } = replay;
  const { gaps } = replay;
  if (recorded === null) return null;
  return (
    <section class="panel" aria-label="Gaps" data-testid="gaps">
      <h2>{gaps.length === 0 ? "No telemetry gap" : `${gaps.length} telemetry ${gaps.length === 1 ? "gap" : "gaps"}`}</h2>
      <ol class="alert-list">
        {gaps.map((gap, index) => {
          const [begin, end] = [timeOf(gap.from) ?? 0, timeOf(gap.to) ?? 0];
          return (
            <li key={index}>
              <button type="button" class="alert-row" onClick={() => replay.seek(begin)}>
                <span class="alert-head">
                  <span class="hatched" aria-hidden="true" />
                  <b>{gap.aircraft_id === null ? gap.link : replay.nameOf(gap.aircraft_id)}</b>
                  <span class="alert-time">{momentTime(begin, replay.shown[0], replay.timezone)}</span>
                </span>
                <small>
                  {duration((end - begin) / 1000)} long, {WHY[gap.reason]}
                  {gap.count === null ? "" : `, at least ${gap.count} ${gap.counted} missing`}
                </small>
              </button>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
