import { useState } from "preact/hooks";
import { at as timeOf } from "../clock";
import { Badge, Glyph } from "../components/glyph";
import { clockTime, momentTime, number } from "../format";
import { isOver, sidesOf, type RerunAlert, type RerunPair, type RerunResult } from "./aside";
import { useReplay } from "./context";
import type { AgainState } from "./useagain";
import { WhatIfForm } from "./whatif";
import { whoIs } from "./who";

const MOST_AIRCRAFT = 20;

/** The same engine over the stored flight; or what if other zones or limits had been there. Nothing of it is stored. */
export function Again({ again }: { again: AgainState }) {
  const replay = useReplay();
  const { job, busy } = again;
  const tooMany = replay.address.aircraft.length > MOST_AIRCRAFT;
  const problem = again.problem?.field.startsWith("what_if") === true ? null : (again.problem?.words ?? job?.problem?.detail ?? null);
  return (
    <section class="panel again" aria-label="Run again" data-testid="again" data-state={busy ? "running" : (job?.state ?? "idle")}>
      <h2>Run again</h2>
      <p class="hint">The rules over the stored flight once more: do they tell what they told then? Nothing of it is stored.</p>
      <p class="again-buttons">
        <button type="button" class="button" disabled={busy || tooMany} data-testid="again-run" onClick={() => again.run(null)}>
          Run again
        </button>
        {busy && job !== null && !isOver(job) && (
          <button type="button" class="button" data-testid="again-stop" onClick={again.stop}>
            Stop
          </button>
        )}
      </p>
      {tooMany && <p class="hint">At most {MOST_AIRCRAFT} aircraft at once: choose fewer above.</p>}
      <WhatIfForm again={again} disabled={busy || tooMany} />
      <p class="unseen" role="status">
        {busy ? "Judging again" : job?.state === "stopped" ? "Stopped" : job?.result != null ? `${verdict(job.result)} ${counts(job.result)}` : ""}
      </p>
      {busy && <Progress again={again} />}
      {job?.state === "stopped" && <p class="hint">Stopped.</p>}
      {problem !== null && (
        <p class="problem again-problem" role="alert" data-testid="again-problem">
          {problem}
        </p>
      )}
      {job?.result != null && <Outcome result={job.result} asked={again.asked} />}
    </section>
  );
}

function Progress({ again }: { again: AgainState }) {
  const progress = again.job?.progress ?? null;
  return (
    <div class="underway">
      <progress aria-label="Judging again" {...(progress === null ? {} : { value: progress.records, max: progress.of })} />
      <p>
        {again.job?.state === "waiting" ? "Waiting for another run to end" : "Judging again"}
        {progress !== null && `: ${progress.records.toLocaleString("en-AU")} of ${progress.of.toLocaleString("en-AU")} records`}
      </p>
    </div>
  );
}

function Outcome({ result, asked }: { result: RerunResult; asked: string }) {
  const differing = result.alerts.filter((pair) => pair.differs.length > 0);
  const same = result.alerts.filter((pair) => pair.differs.length === 0);
  return (
    <div data-testid="again-result" data-same={result.same} data-differing={result.differing}>
      <p class="again-verdict">
        <b>{verdict(result)}</b> {counts(result)}
      </p>
      {!result.what_if && (
        <p class="hint">
          {result.engines_then.length === 0 ? "Which engine judged then is not recorded" : `Judged then by engine ${result.engines_then.join(", ")}`}, now by
          engine {result.engine_now}.{result.differing_rules.length > 0 && ` Rules concerned: ${result.differing_rules.join(", ")}.`}
        </p>
      )}
      {result.what_if && (
        <p class="hint">
          What if: {asked}. Both sides are judged now, by engine {result.engine_now}; nothing of it happened.
        </p>
      )}
      {result.reasons.length > 0 && (
        <ul class="again-reasons" aria-label="Why it may differ">
          {result.reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
      <Pairs result={result} pairs={differing} label="What differs" />
      {same.length > 0 && (
        <details open={differing.length === 0}>
          <summary>{same.length === 1 ? "1 alert is the same" : `${same.length} alerts are the same`}</summary>
          <Pairs result={result} pairs={same} label="What is the same" />
        </details>
      )}
      {result.truncated && <p class="hint">There are too many to list all: these are the first that differ.</p>}
    </div>
  );
}

function verdict(result: RerunResult): string {
  if (result.what_if) return result.same ? "NO DIFFERENCE." : `${result.differing} ${result.differing === 1 ? "ALERT DIFFERS" : "ALERTS DIFFER"}.`;
  if (result.same) return "THE SAME, byte for byte.";
  return result.differing === 0 ? "TOLD THE SAME, not byte for byte." : `NOT THE SAME: ${result.differing} differ.`;
}

function counts(result: RerunResult): string {
  const [then, now] = sidesOf(result);
  return `${result.alerts_then} ${result.alerts_then === 1 ? "alert" : "alerts"} ${then}, ${result.alerts_now} ${now}.`;
}

function Pairs({ result, pairs, label }: { result: RerunResult; pairs: readonly RerunPair[]; label: string }) {
  const replay = useReplay();
  const [most, setMost] = useState(50);
  const names = sidesOf(result);
  if (pairs.length === 0) return null;
  return (
    <>
      <ol class="pairs" aria-label={label}>
        {pairs.slice(0, most).map((pair, index) => {
          const one = (pair.then ?? pair.now)!;
          const start = Math.min(...[pair.then, pair.now].map((side) => timeOf(side?.start) ?? Infinity));
          return (
            <li key={index} data-testid="pair" data-differs={pair.differs.join(", ")}>
              <button type="button" class="pair-head" onClick={() => replay.seek(start)}>
                <span>
                  <b>{whoIs(replay.recorded?.aircraft ?? [], one.aircraft_id)}</b> {one.rule}
                  {one.zone_name === null ? "" : ` · ${one.zone_name}`}
                </span>
                <span class="pair-differs">{pair.differs.length === 0 ? "= same" : `≠ ${words(pair.differs, names)}`}</span>
              </button>
              <div class="pair-sides">
                {pair.differs.length === 0 ? (
                  <Side name={names.join(" and ")} alert={pair.now} />
                ) : (
                  <>
                    <Side name={names[0]} alert={pair.then} />
                    <Side name={names[1]} alert={pair.now} />
                  </>
                )}
              </div>
            </li>
          );
        })}
      </ol>
      {pairs.length > most && (
        <button type="button" class="button" onClick={() => setMost(pairs.length)}>
          Show all {pairs.length}
        </button>
      )}
    </>
  );
}

function words(differs: readonly string[], [then, now]: [string, string]): string {
  if (differs[0] === "only then") return `only ${then}`;
  return differs[0] === "only now" ? `only ${now}` : `differs in ${differs.join(", ")}`;
}

function Side({ name, alert }: { name: string; alert: RerunAlert | null }) {
  const { timezone } = useReplay();
  const start = timeOf(alert?.start);
  return (
    <div>
      <small>{name}</small>
      {alert === null ? (
        <p>no alert</p>
      ) : (
        <>
          <p class="pair-level">
            <Glyph mark={{ level: alert.level, breachEdge: false }} />
            <Badge level={alert.level} />
            {alert.beyond_m !== null && alert.beyond_m > 0 && <b>{number(alert.beyond_m, "m", 1)}</b>}
          </p>
          <p>
            {clockTime(start, timezone)} to {alert.end === null ? "the end of the run: open" : momentTime(timeOf(alert.end), start, timezone)}
          </p>
          <small>{alert.what}</small>
        </>
      )}
    </div>
  );
}
