import { useEffect, useRef, useState } from "preact/hooks";
import { follow, isOver, type Rerun } from "./aside";
import type { Replay } from "./replay";
import { Wrong } from "./requests";

/** What is to be other than it was. zones: GeoJSON. */
export interface WhatIf {
  zones?: object;
  without?: string[];
  height_limit_m?: number;
}

export interface AgainState {
  /** The last run; null: none was asked for of what is shown. */
  job: Rerun | null;
  /** What the door would not do, and which field it is about. */
  problem: { words: string; field: string } | null;
  busy: boolean;
  /** What if, in words; empty: as it was judged. */
  asked: string;
  run(whatIf: WhatIf | null, words?: string): void;
  fail(words: string, field: string): void;
  stop(): void;
}

/** One run at a time, of what is shown: another range or aircraft, and it is forgotten. */
export function useAgain(replay: Replay): AgainState {
  const [job, setJob] = useState<Rerun | null>(null);
  const [problem, setProblem] = useState<AgainState["problem"]>(null);
  const [busy, setBusy] = useState(false);
  const [asked, setAsked] = useState("");
  const over = useRef(new AbortController());
  const { aircraft, range } = replay.address;
  const shown = `${aircraft.join()} ${range?.join()}`;
  useEffect(() => {
    setJob(null);
    setProblem(null);
    setBusy(false);
    return () => over.current.abort();
  }, [shown]);

  const run = async (whatIf: WhatIf | null, words: string): Promise<void> => {
    over.current.abort();
    const { signal } = (over.current = new AbortController());
    setJob(null);
    setProblem(null);
    setBusy(true);
    setAsked(words);
    try {
      const wanted = { aircraft_ids: aircraft, from: iso(range?.[0]), to: iso(range?.[1]), what_if: whatIf };
      const headers = { "Content-Type": "application/json" };
      const answer = await replay.requests.ask("reruns", [], { method: "POST", body: JSON.stringify(wanted), headers, signal });
      const begun = (await answer.json()) as Rerun;
      setJob(begun);
      await follow<Rerun>(replay.requests, `reruns/${begun.id}`, setJob, signal);
    } catch (error) {
      if (signal.aborted) return;
      setProblem({ words: error instanceof Error ? error.message : String(error), field: error instanceof Wrong ? error.field : "" });
    }
    setBusy(false);
  };
  return {
    job,
    problem,
    busy,
    asked,
    run: (whatIf, words = "") => void run(whatIf, words),
    fail: (words, field) => {
      setJob(null);
      setProblem({ words, field });
    },
    stop: () => {
      if (job !== null && !isOver(job)) void replay.requests.ask(`reruns/${job.id}`, [], { method: "DELETE" });
    },
  };
}

const iso = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());
