import { useEffect, useRef, useState } from "preact/hooks";
import { ageSeconds } from "../clock";
import { byAttention, ByName } from "../order";
import type { Aircraft } from "../protocol";
import { passes, type Filter } from "../state";
import { usePage } from "./context";
import { FleetRow } from "./fleetrow";
import { useFrozen } from "./frozen";
import { RuleList } from "./rules";
import { ZoneForm } from "./zoneform";
import { ZoneList } from "./zones";

interface FleetProps {
  filter: Filter | null;
  search: string;
  unacknowledged: ReadonlySet<string>;
  onFilter(filter: Filter | null): void;
  onSearch(search: string): void;
}

/** The fleet; in its place the zone that is being drawn, while map and alerts stay in view. */
export function Fleet(list: FleetProps) {
  const { zones } = usePage();
  if (zones.draft === null) return <FleetList {...list} />;
  return (
    <section class="fleet" aria-label="Temporary zone">
      <ZoneForm draft={zones.draft} />
    </section>
  );
}

function FleetList({ filter, search, unacknowledged, onFilter, onSearch }: FleetProps) {
  const { state, now, selected, show } = usePage();
  const list = useRef<HTMLUListElement>(null);
  const kept = useRef<string[]>([]);
  const frozen = useFrozen(list);
  const names = useRef(new ByName());
  const [rows, setRows] = useState(ROWS);
  useEffect(() => setRows(ROWS), [filter, search]);
  const fleet = byAttention(names.current.of(state.aircraft), state.aircraft, unacknowledged).filter((one) =>
    passes(one, filter, search, unacknowledged.has(one.id)),
  );
  const shown = atMost(frozen ? inPlaces(fleet, kept.current) : fleet, rows, (one) => one.id === selected || unacknowledged.has(one.id));
  kept.current = shown.map((one) => one.id);
  const reachable = shown.some((one) => one.id === selected) ? selected : shown[0]?.id;

  const move = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const rows = [...(list.current?.querySelectorAll<HTMLElement>(".row") ?? [])];
    const here = rows.indexOf(document.activeElement as HTMLElement);
    if (here === -1) return;
    event.preventDefault();
    rows[here + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
  };

  return (
    <section class="fleet" aria-label="Fleet">
      <div class="bar">
        <h2>Fleet</h2>
        <input
          type="search"
          placeholder="Search name, link, system"
          aria-label="Search the fleet"
          data-testid="search"
          value={search}
          onInput={(event) => onSearch(event.currentTarget.value)}
        />
      </div>
      {(filter !== null || search !== "") && (
        <p class="hint">
          {fleet.length} of {state.aircraft.size} shown; unacknowledged ones always are.{" "}
          <button
            type="button"
            class="plain"
            data-testid="filter-clear"
            onClick={() => {
              onFilter(null);
              onSearch("");
            }}
          >
            Show all
          </button>
        </p>
      )}
      <div class="row-head" aria-hidden="true">
        <span>aircraft</span>
        <span>height</span>
        <span>speed</span>
        <span>battery</span>
        <span>age</span>
      </div>
      <ul class="rows" ref={list} onKeyDown={move} data-testid="fleet">
        {shown.map((one) => (
          <FleetRow
            key={one.id}
            aircraft={one}
            age={whole(ageSeconds(one.event_time, now))}
            positionAge={whole(ageSeconds(one.position_time, now))}
            unacknowledged={unacknowledged.has(one.id)}
            selected={one.id === selected}
            reachable={one.id === reachable}
            show={show}
          />
        ))}
        {fleet.length > shown.length && (
          <li class="more">
            {fleet.length - shown.length} more: search, filter, or{" "}
            <button type="button" class="plain" data-testid="fleet-more" onClick={() => setRows(rows + ROWS)}>
              show {Math.min(ROWS, fleet.length - shown.length)} of them
            </button>
          </li>
        )}
      </ul>
      {shown.length === 0 && <Empty known={state.known} all={state.aircraft.size} />}
      <ZoneList />
      <RuleList />
    </section>
  );
}

/** So many at a time: of thousands nobody reads the last, and a row costs as much as one that is read. */
const ROWS = 100;

const whole = (seconds: number | null): number | null => (seconds === null ? null : Math.floor(seconds));

/** The rows where they were, whatever their levels have become; new ones behind them. */
function inPlaces(fleet: Aircraft[], places: readonly string[]): Aircraft[] {
  const byId = new Map(fleet.map((one) => [one.id, one]));
  const kept = places.map((id) => byId.get(id)).filter((one) => one !== undefined);
  const known = new Set(places);
  return [...kept, ...fleet.filter((one) => !known.has(one.id))];
}

/** The first rows; beyond them only who must not be hidden. */
function atMost(fleet: Aircraft[], rows: number, must: (one: Aircraft) => boolean): Aircraft[] {
  return fleet.filter((one, index) => index < rows || must(one));
}

function Empty({ known, all }: { known: boolean; all: number }) {
  if (!known) return <p class="empty">Waiting for the first picture of the fleet.</p>;
  if (all > 0) return <p class="empty">No aircraft fits the search and the filter.</p>;
  return (
    <p class="empty" data-testid="fleet-empty">
      No aircraft has been heard yet. Send MAVLink to the ingest port (14550 unless the settings say otherwise), or start{" "}
      <code>wedgetail simulate</code>.
    </p>
  );
}
