import { useRef, useState } from "preact/hooks";
import { at as timeOf } from "../clock";
import { momentTime } from "../format";
import { isOver, type ImportResult } from "./aside";
import { useReplay } from "./context";
import { megabytes, show, stop, useDropped, useImports, type Entry } from "./useimports";

const count = (number: number): string => number.toLocaleString("en-AU");
const several = (number: number, one: string, more = `${one}s`): string => `${count(number)} ${number === 1 ? one : more}`;

/** Recorded logs, dropped anywhere on the page or chosen, into history: one after another, each with its progress. */
export function Drop() {
  const replay = useReplay();
  const { entries, add, again, forget, most } = useImports(replay);
  const over = useDropped(add);
  const input = useRef<HTMLInputElement>(null);
  return (
    <section class={`drop${over ? " drop-over" : ""}`} aria-label="Import a log" data-testid="drop">
      <p class="drop-ask">
        <button type="button" class="button" data-testid="drop-choose" onClick={() => input.current?.click()}>
          Import a log…
        </button>
        <span class="hint">{over ? "Let go: it is imported." : `or drop it on this page: a .tlog or a raw MAVLink stream, up to ${megabytes(most)}`}</span>
        <input
          ref={input}
          type="file"
          multiple
          hidden
          data-testid="drop-file"
          onChange={(event) => {
            add([...(event.currentTarget.files ?? [])]);
            event.currentTarget.value = "";
          }}
        />
      </p>
      <p class="unseen" role="status">
        {entries.map((entry) => `${entry.name}: ${said(entry)}`).join(". ")}
      </p>
      {entries.length > 0 && (
        <ul aria-label="Imports">
          {entries.map((entry) => (
            <Row key={entry.key} entry={entry} onAgain={(start) => again(entry, start)} onForget={() => forget(entry)} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Row({ entry, onAgain, onForget }: { entry: Entry; onAgain(start: string): void; onForget(): void }) {
  const replay = useReplay();
  const { job } = entry;
  const result = job?.result ?? null;
  const stopped = job?.state === "stopped";
  const ended = entry.problem !== null || (job !== null && isOver(job));
  const problem = entry.problem ?? job?.problem?.detail ?? null;
  return (
    <li data-testid="import" data-state={entry.problem !== null ? "failed" : (job?.state ?? "sending")}>
      <p>
        <b>{entry.name}</b>
      </p>
      {!ended && <Underway entry={entry} />}
      {problem !== null && (
        <p class="problem" role="alert" data-testid="import-problem">
          {problem}
        </p>
      )}
      {stopped && <p>Stopped. What had arrived stays, once; import the log again to complete it.</p>}
      {entry.undated && entry.file !== null && <Began onSay={onAgain} />}
      {result !== null && <Done result={result} timezone={replay.timezone} />}
      <p class="drop-buttons">
        {result !== null && result.from !== null && (
          <button type="button" class="button" data-testid="import-show" onClick={() => show(replay, result)}>
            Show it
          </button>
        )}
        <button
          type="button"
          class="button"
          data-testid="import-end"
          onClick={() => {
            if (ended) onForget();
            else stop(replay, entry);
          }}
        >
          {ended ? "Close" : "Stop"}
          <span class="unseen"> {entry.name}</span>
        </button>
      </p>
    </li>
  );
}

/** How it stands, in a word or two: what a screen reader is told, once a stage. */
function said({ job, begun, problem }: Entry): string {
  if (problem !== null) return "failed";
  if (job === null && begun) return "Sending";
  if (job === null || job.state === "waiting") return "Waiting its turn";
  if (isOver(job)) return job.result?.known_before === true ? "was here already" : job.state;
  if (job.progress === null) return "Beginning to read";
  return job.progress.stage === "reading" ? "Reading" : "Judging and storing";
}

/** A bar and its numbers. */
function Underway({ entry }: { entry: Entry }) {
  const { job, file, sent } = entry;
  const progress = job?.progress ?? null;
  const stage = said(entry);
  let [done, all, words] = [0, 0, ""];
  if (job === null) {
    [done, all] = [sent, file?.size ?? 0];
    words = `${megabytes(done)} of ${megabytes(all)}`;
  } else if (progress !== null) {
    words = `${several(progress.samples, "sample")}, ${count(progress.rejected)} refused`;
    if (progress.stage === "reading") {
      [done, all] = [progress.bytes_read, progress.bytes];
      words = `${megabytes(done)} of ${megabytes(all)}, ${words}`;
    }
  }
  return (
    <div class="underway">
      <progress
        aria-label={`${stage} ${entry.name}`}
        data-testid="import-progress"
        {...(all > 0 ? { value: done, max: all } : {})}
      />
      <p>
        <span data-testid="import-stage">{stage}</span>
        {words === "" ? "" : `: ${words}`}
      </p>
      {progress?.waits_for != null && <p>{progress.waits_for}</p>}
    </div>
  );
}

function Began({ onSay }: { onSay(start: string): void }) {
  const [typed, setTyped] = useState("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (typed !== "") onSay(`${typed.length === 16 ? `${typed}:00` : typed}Z`);
      }}
    >
      <label>
        Its first frame was at (UTC)
        <input type="datetime-local" step={1} value={typed} data-testid="import-start" onInput={(event) => setTyped(event.currentTarget.value)} />
      </label>
      <button type="submit" class="button" disabled={typed === ""}>
        Import it
      </button>
    </form>
  );
}

function Done({ result, timezone }: { result: ImportResult; timezone: string }) {
  const from = timeOf(result.from);
  const alerts = result.aircraft.reduce((sum, one) => sum + one.alerts, 0);
  const refused = Object.entries(result.rejected_for).map(([reason, number]) => `${count(number)} ${reason.replaceAll("_", " ")}`);
  return (
    <div data-testid="import-done" data-known={result.known_before}>
      <p>
        <b>{result.known_before ? "It was here already: nothing has changed." : "Imported."}</b>{" "}
        {from === null
          ? "There is no aircraft in this file."
          : `${several(result.stored, "sample")} of ${several(result.aircraft.length, "aircraft", "aircraft")}, ${momentTime(from, null, timezone)} to ${momentTime(timeOf(result.to), from, timezone)}; ${several(alerts, "alert")}.`}
      </p>
      <p class="note">
        {several(result.frames, "frame")}: {count(result.decoded)} decoded, {count(result.ignored)} of no use here,{" "}
        {count(result.rejected)} refused{refused.length > 0 ? ` (${refused.join(", ")})` : ""}.
      </p>
    </div>
  );
}
