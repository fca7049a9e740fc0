// Work that the door has done beside it: a re-run, an import. It is begun, asked for until it is over, and can be stopped.

import type { Level } from "../protocol";
import type { Requests } from "./requests";

const ASK_EVERY_MS = 300;

export interface Job<Progress, Result> {
  id: string;
  state: "waiting" | "running" | "done" | "failed" | "stopped";
  progress: Progress | null;
  result: Result | null;
  problem: { type: string; title: string; detail: string } | null;
}

export interface RerunAlert {
  id: string;
  aircraft_id: string;
  rule: string;
  zone_id: string | null;
  zone_name: string | null;
  level: Level;
  start: string;
  /** Null: it stood open at the end of the run. */
  end: string | null;
  beyond_m: number | null;
  what: string;
}

/** An alert on both sides, or on one. differs: what of it, in words; empty: nothing. */
export interface RerunPair {
  differs: string[];
  then: RerunAlert | null;
  now: RerunAlert | null;
}

export interface RerunResult {
  what_if: boolean;
  same: boolean;
  engines_then: string[];
  engine_now: string;
  reasons: string[];
  alerts_then: number;
  alerts_now: number;
  differing: number;
  differing_rules: string[];
  alerts: RerunPair[];
  truncated: boolean;
}

export type Rerun = Job<{ records: number; of: number }, RerunResult>;

export interface Imported {
  aircraft_id: string;
  system_id: number;
  samples: number;
  alerts: number;
  from: string;
  to: string;
}

export interface ImportResult {
  name: string;
  bytes: number;
  frames: number;
  decoded: number;
  ignored: number;
  rejected: number;
  rejected_for: Record<string, number>;
  samples: number;
  with_position: number;
  stored: number;
  added: number;
  known_before: boolean;
  from: string | null;
  to: string | null;
  aircraft: Imported[];
}

export interface ImportProgress {
  stage: "reading" | "storing";
  bytes_read: number;
  bytes: number;
  samples: number;
  rejected: number;
  waits_for: string | null;
}

export type ImportJob = Job<ImportProgress, ImportResult> & { name: string };

export const isOver = (job: Job<unknown, unknown>): boolean => job.state !== "waiting" && job.state !== "running";

/** Asks until it is over; told hears of each answer. Rejects as Requests.ask does, and when signal says stop. */
export async function follow<J extends Job<unknown, unknown>>(
  requests: Requests,
  path: string,
  told: (job: J) => void,
  signal: AbortSignal,
): Promise<J> {
  for (;;) {
    const job = (await (await requests.ask(path, [], { signal })).json()) as J;
    told(job);
    if (isOver(job)) return job;
    await new Promise((done) => window.setTimeout(done, ASK_EVERY_MS));
  }
}

/** What the two sides of a run are called. */
export const sidesOf = (result: RerunResult): [string, string] => (result.what_if ? ["as flown", "what if"] : ["then", "now"]);
