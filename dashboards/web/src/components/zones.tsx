import { at } from "../clock";
import { momentTime, ZONE_KIND, zoneActivation, zoneLimits } from "../format";
import type { ZoneFeature } from "../protocol";
import { usePage } from "./context";
import { useMapLink } from "./maplink";

export function ZoneFacts({ zone }: { zone: ZoneFeature }) {
  const page = usePage();
  const { valid_from, valid_to, aircraft_ids, weights, version } = zone.properties;
  const activation = zoneActivation(zone.properties, page.now);
  const from = at(valid_from);
  const to = at(valid_to);
  const time = (ms: number): string => momentTime(ms, page.now, page.zone);
  return (
    <>
      <b>{zone.properties.name}</b>
      <span class="zone-kind">{ZONE_KIND[zone.properties.kind]}</span>
      <span class="zone-limits">{zoneLimits(zone.properties)}</span>
      {activation !== null && <span class="zone-activation">{activation}</span>}
      <small>
        {from === null ? "from the beginning" : `from ${time(from)}`}, {to === null ? "without end" : `until ${time(to)}`};{" "}
        {aircraft_ids === null ? "for all aircraft" : `for ${aircraft_ids.length} aircraft`}
        {weights === null ? "" : ` of weight ${weights.join(", ").replaceAll("_", " ")}`}; version {version}
      </small>
    </>
  );
}

/** The zones by keyboard: what the map shows on hover and touch. */
export function ZoneList() {
  const { state } = usePage();
  const map = useMapLink();
  const zones = state.zones;
  return (
    <details class="zones" data-testid="zones">
      <summary>Zones in view ({zones === null ? "not known yet" : zones.length})</summary>
      {state.zonesProblem !== null && (
        <p class="problem" role="status">
          The zones could not be fetched ({state.zonesProblem}); trying again. {zones === null ? "None is shown." : "Those shown may be old."}
        </p>
      )}
      {zones?.length === 0 && <p class="empty">No zone is in force here. One is made with POST /api/v1/zones, many with <code>wedgetail zones import</code>.</p>}
      <ul>
        {(zones ?? []).map((zone) => (
          <li key={zone.id}>
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
          </li>
        ))}
      </ul>
    </details>
  );
}
