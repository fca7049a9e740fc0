import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { at } from "../clock";
import { aircraftName, momentTime, ZONE_KIND, zoneActivation, zoneHours, zoneLimits } from "../format";
import type { ZoneFeature } from "../protocol";
import { usePage } from "./context";
import { useMapLink } from "./maplink";

export function ZoneFacts({ zone }: { zone: ZoneFeature }) {
  const page = usePage();
  const { valid_from, valid_to, aircraft_ids, airspace_class, weights, version } = zone.properties;
  const activation = zoneActivation(zone.properties, page.now);
  const from = at(valid_from);
  const to = at(valid_to);
  const time = (ms: number): string => momentTime(ms, page.now, page.zone);
  return (
    <>
      <b>{zone.properties.name}</b>
      <span class="zone-kind">
        {ZONE_KIND[zone.properties.kind]}
        {airspace_class !== null && `, class ${airspace_class}`}
      </span>
      <span class="zone-limits">{zoneLimits(zone.properties)}</span>
      {activation !== null && <span class="zone-activation">{activation}</span>}
      {zone.properties.timetable !== null && <span class="zone-activation">{zoneHours(zone.properties.timetable)}</span>}
      <small>
        {from === null ? "from the beginning" : `from ${time(from)}`}, {to === null ? "without end" : `until ${time(to)}`}; for {whose(aircraft_ids, page.state.aircraft)}
        {weights === null ? "" : ` of weight ${weights.join(", ").replaceAll("_", " ")}`}; version {version}
      </small>
    </>
  );
}

const MOST_NAMES = 3;

function whose(ids: readonly string[] | null, fleet: ReadonlyMap<string, Parameters<typeof aircraftName>[0]>): string {
  if (ids === null) return "all aircraft";
  const known = ids.map((id) => fleet.get(id)).filter((one) => one !== undefined);
  if (known.length < ids.length || ids.length > MOST_NAMES) return `${ids.length} aircraft`;
  return known.map(aircraftName).join(", ");
}

/** Ends a zone at one press. What came with a file is ended by its next edition. */
export function EndZone({ zone }: { zone: ZoneFeature }) {
  const { zones, live } = usePage();
  if (zone.properties.source !== null) return null;
  return (
    <button type="button" class="button" data-testid={`zone-end-${zone.id}`} aria-disabled={!live} onClick={() => live && zones.end(zone)}>
      End it now<span class="unseen">: {zone.properties.name}</span>
    </button>
  );
}

function ZoneRow({ zone, children }: { zone: ZoneFeature; children?: ComponentChildren }) {
  const map = useMapLink();
  return (
    <li class="zone-line">
      <button
        type="button"
        class="zone-row"
        data-testid={`zone-${zone.id}`}
        onFocus={() => map.hover(zone.id)}
        onBlur={() => map.hover(null)}
        onClick={() => map.lookAtZone(zone.id)}
      >
        <ZoneFacts zone={zone} />
      </button>
      {children}
    </li>
  );
}

/** The areas that an aircraft must stay in, and those that only it must keep out of. */
export function OwnAreas({ aircraftId }: { aircraftId: string }) {
  const { state } = usePage();
  const own = (state.zones ?? []).filter((zone) => zone.properties.aircraft_ids?.includes(aircraftId));
  if (own.length === 0) return null;
  return (
    <ul class="own-areas" aria-label="Its own areas" data-testid={`areas-${aircraftId}`}>
      {own.map((zone) => (
        <ZoneRow key={zone.id} zone={zone} />
      ))}
    </ul>
  );
}

/** The zones by keyboard: what the map shows on hover and touch. A country has too many to draw them for nobody. */
export function ZoneList() {
  const { state, zones: work } = usePage();
  const [open, setOpen] = useState(false);
  const zones = state.zones;
  return (
    <details class="zones" data-testid="zones" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Zones in view ({zones === null ? "not known yet" : zones.length})</summary>
      <p class="zone-new">
        <button type="button" class="button" data-testid="zone-new" onClick={() => work.start(null)}>
          Draw a temporary zone
        </button>
      </p>
      {state.zonesProblem !== null && (
        <p class="problem" role="status">
          The zones could not be fetched ({state.zonesProblem}); trying again. {zones === null ? "None is shown." : "Those shown may be old."}
        </p>
      )}
      {zones?.length === 0 && (
        <p class="empty">
          No zone is in force here. Draw one, or bring many with <code>wedgetail zones import</code>.
        </p>
      )}
      <ul>
        {(open ? (zones ?? []) : []).map((zone) => (
          <ZoneRow key={zone.id} zone={zone}>
            <EndZone zone={zone} />
          </ZoneRow>
        ))}
      </ul>
    </details>
  );
}
