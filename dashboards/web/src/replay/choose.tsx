import { useEffect, useState } from "preact/hooks";
import { at as timeOf } from "../clock";
import { momentTime } from "../format";
import type { Range } from "./address";
import { useReplay } from "./context";
import type { Flown } from "./record";
import { whoIs } from "./who";

const HOUR_MS = 3_600_000;
const field = (ms: number): string => new Date(ms).toISOString().slice(0, 19);

/** Which aircraft, from when to when: the page's main part until that is said. */
export function Choose() {
  const { range, aircraft } = useReplay().address;
  if (range === null || aircraft.length === 0) {
    return (
      <main>
        <Choice />
      </main>
    );
  }
  return (
    <section aria-label="What is shown">
      <Choice />
    </section>
  );
}

/** Times are typed in UTC: everybody's clock has that one. */
function Choice() {
  const replay = useReplay();
  const { aircraft, range } = replay.address;
  const [chosen, setChosen] = useState<readonly string[]>(aircraft);
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const [search, setSearch] = useState("");
  const [found, setFound] = useState<Flown[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    setChosen(aircraft);
    setFrom(range === null ? "" : field(range[0]));
    setTo(range === null ? "" : field(range[1]));
  }, [aircraft.join(), range?.join()]);
  const typed: Range | null = from === "" || to === "" ? null : [Date.parse(`${from}Z`), Date.parse(`${to}Z`)];
  const usable = typed !== null && typed[0] < typed[1];
  const ask = typed?.join();
  useEffect(() => {
    if (!usable) return setFound(null);
    let over = false;
    replay.requests.aircraft(typed).then(
      (heard) => !over && setFound(heard),
      (error: unknown) => !over && setProblem(error instanceof Error ? error.message : String(error)),
    );
    return () => {
      over = true;
    };
  }, [ask]);
  const all = replay.choices ?? [];
  const listed = (found ?? all).filter((one) => `${whoIs(all, one.id)} ${one.link_name}`.toLowerCase().includes(search.trim().toLowerCase()));
  const choose = (one: Flown, on: boolean): void => {
    const next = on ? [...chosen, one.id] : chosen.filter((id) => id !== one.id);
    setChosen(next);
    if (!on || from !== "" || to !== "") return;
    // Nothing is said yet of when: its last hour, or its whole flight if that is shorter.
    const end = (timeOf(one.last) ?? 0) + 1_000;
    setFrom(field(Math.max(timeOf(one.first) ?? 0, end - HOUR_MS)));
    setTo(field(end));
  };
  return (
    <details class="choose" open={range === null || aircraft.length === 0} data-testid="choose">
      <summary>
        {range === null || aircraft.length === 0
          ? "Choose aircraft and a time"
          : `${aircraft.length} aircraft, ${momentTime(range[0], null, replay.timezone)} to ${momentTime(range[1], range[0], replay.timezone)}`}
      </summary>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (usable && chosen.length > 0) replay.open(chosen, typed);
        }}
      >
        <label>
          From (UTC)
          <input type="datetime-local" step={1} value={from} data-testid="from" onInput={(event) => setFrom(event.currentTarget.value)} />
        </label>
        <label>
          To (UTC)
          <input type="datetime-local" step={1} value={to} data-testid="to" onInput={(event) => setTo(event.currentTarget.value)} />
        </label>
        <label>
          Search
          <input type="search" value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
        </label>
        <button type="submit" class="button" data-testid="open" disabled={!usable || chosen.length === 0}>
          Show {chosen.length} aircraft
        </button>
        {typed !== null && !usable && <p class="problem">The time ends before it begins.</p>}
        {problem !== null && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
      </form>
      <fieldset>
        <legend>{found === null ? "Aircraft with samples" : "Aircraft with samples in this time"}</legend>
        {listed.length === 0 && (
          <p class="empty">
            {replay.choices === null
              ? "Not known yet."
              : all.length === 0
                ? "No sample is recorded yet. Drop a log file on this page, or import it with wedgetail import FILE."
                : "None has samples in this time. Widen it, or clear it to see all."}
          </p>
        )}
        {listed.map((one) => (
          <label key={one.id} class="choice">
            <input
              type="checkbox"
              checked={chosen.includes(one.id)}
              data-testid={`choice-${one.id}`}
              onChange={(event) => choose(one, event.currentTarget.checked)}
            />
            <span>
              <b>{whoIs(all, one.id)}</b> {one.imported && <span class="tag">IMPORTED</span>}
              <small>
                {" "}
                {momentTime(timeOf(one.first), null, replay.timezone)} to {momentTime(timeOf(one.last), timeOf(one.first), replay.timezone)}
              </small>
            </span>
          </label>
        ))}
      </fieldset>
    </details>
  );
}
