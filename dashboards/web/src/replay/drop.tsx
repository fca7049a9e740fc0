import { useEffect, useRef, useState } from "preact/hooks";
import { at as timeOf } from "../clock";
import { momentTime } from "../format";
import { follow, isOver, type ImportJob, type ImportResult } from "./aside";
import { useReplay } from "./context";
import type { Replay } from "./replay";

/** A log on its way: sent, read, stored. */
interface Entry {
  key: number;
  name: string;
  /** Null: it was begun before this page was loaded. */
  file: File | null;
  /** Its turn has come. */
  begun: boolean;
  sent: number;
  job: ImportJob | null;
  problem: string | null;
  /** The file has no times: somebody must say when it began. */
  undated: boolean;
  stop: AbortController;
}

const NO_TIMES = "urn:wedgetail:no-times";
const megabytes = (bytes: number): string => `${(bytes / 1e6).toLocaleString("en-AU", { maximumFractionDigits: bytes < 1e8 ? 1 : 0 })} MB`;
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

function show(replay: Replay, result: ImportResult): void {
  const [from, to] = [timeOf(result.from), timeOf(result.to)];
  if (from !== null && to !== null) replay.open(result.aircraft.map((one) => one.aircraft_id), [from, to + 1_000]);
}

function stop(replay: Replay, entry: Entry): void {
  if (entry.job === null) entry.stop.abort();
  else void replay.requests.ask(`imports/${entry.job.id}`, [], { method: "DELETE" });
}

interface Imports {
  entries: readonly Entry[];
  add(files: readonly File[]): void;
  /** The same file once more, with the time of its first frame. */
  again(entry: Entry, start: string): void;
  forget(entry: Entry): void;
  most: number;
}

function useImports(replay: Replay): Imports {
  const [entries, setEntries] = useState<readonly Entry[]>([]);
  const [most, setMost] = useState(2 ** 30);
  const next = useRef(0);
  const queue = useRef<Promise<void>>(Promise.resolve());
  const change = (key: number, changed: Partial<Entry>): void =>
    setEntries((held) => held.map((one) => (one.key === key ? { ...one, ...changed } : one)));

  const watch = async (entry: Entry, job: ImportJob): Promise<void> => {
    change(entry.key, { job });
    const done = await follow<ImportJob>(replay.requests, `imports/${job.id}`, (told) => change(entry.key, { job: told }), entry.stop.signal);
    change(entry.key, { undated: done.problem?.type === NO_TIMES });
    if (done.result === null) return;
    replay.findChoices();
    if (replay.address.range === null) show(replay, done.result);
  };
  const run = async (entry: Entry, work: () => Promise<ImportJob>): Promise<void> => {
    change(entry.key, { begun: true });
    try {
      await watch(entry, await work());
    } catch (error) {
      const stopped = error instanceof DOMException && error.name === "AbortError";
      change(entry.key, { problem: stopped ? "Stopped before it was sent: nothing of it was kept." : error instanceof Error ? error.message : String(error) });
    }
  };
  const begin = (name: string, file: File | null, work: (entry: Entry) => Promise<ImportJob>): void => {
    const entry: Entry = { key: next.current++, name, file, begun: false, sent: 0, job: null, problem: null, undated: false, stop: new AbortController() };
    setEntries((held) => [...held, entry]);
    // One after another: each is a processor's work, and the order is the person's.
    queue.current = queue.current.then(() => run(entry, () => work(entry)));
  };
  const send = (file: File, query: [string, string][]): void =>
    begin(file.name, file, async (entry) => {
      if (file.size > most) throw new Error(`It is larger than ${megabytes(most)}: give it to the command wedgetail import.`);
      const sent = (bytes: number): void => change(entry.key, { sent: bytes });
      return (await replay.requests.upload("imports", [["name", file.name], ...query], file, sent, entry.stop.signal)) as ImportJob;
    });

  useEffect(() => {
    // What was begun before the page was loaded again goes on.
    replay.requests
      .ask("imports")
      .then((answer) => answer.json() as Promise<{ most_bytes: number; imports: ImportJob[] }>)
      .then(({ most_bytes, imports }) => {
        setMost(most_bytes);
        for (const job of imports) if (!isOver(job)) begin(job.name, null, async () => job);
      })
      .catch(() => undefined); // the page says by itself when the door does not answer
  }, [replay]);

  return {
    entries,
    most,
    add: (files) => files.forEach((file) => send(file, [])),
    again: (entry, start) => {
      setEntries((held) => held.filter((one) => one !== entry));
      if (entry.file !== null) send(entry.file, [["start", start]]);
    },
    forget: (entry) => setEntries((held) => held.filter((one) => one.key !== entry.key)),
  };
}

/** Files dropped anywhere on the page. True while one is held over it. */
function useDropped(add: (files: readonly File[]) => void): boolean {
  const [over, setOver] = useState(false);
  const latest = useRef(add);
  latest.current = add;
  useEffect(() => {
    const holds = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") === true;
    const hover = (event: DragEvent): void => {
      if (!holds(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent): void => {
      if (!holds(event)) return;
      event.preventDefault();
      setOver(false);
      latest.current([...(event.dataTransfer?.files ?? [])]);
    };
    window.addEventListener("dragover", hover);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragover", hover);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
    };
  }, []);
  return over;
}
