import { useEffect, useRef, useState } from "preact/hooks";
import { at as timeOf } from "../clock";
import { follow, isOver, type ImportJob, type ImportResult } from "./aside";
import type { Replay } from "./replay";

/** A log on its way: sent, read, stored. */
export interface Entry {
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

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toLocaleString("en-AU", { maximumFractionDigits: bytes < 1e8 ? 1 : 0 })} MB`;

export function show(replay: Replay, result: ImportResult): void {
  const [from, to] = [timeOf(result.from), timeOf(result.to)];
  if (from !== null && to !== null) replay.open(result.aircraft.map((one) => one.aircraft_id), [from, to + 1_000]);
}

export function stop(replay: Replay, entry: Entry): void {
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

export function useImports(replay: Replay): Imports {
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
export function useDropped(add: (files: readonly File[]) => void): boolean {
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
