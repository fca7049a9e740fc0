import { at as timeOf } from "../clock";
import { momentTime, ZONE_KIND, zoneActivation, zoneLimits } from "../format";
import type { ZoneFeature } from "../protocol";
import { useReplay } from "./context";
import { zonesAt } from "./moment";

/** What a zone says, as it stood at the cursor. */
export function ZoneWords({ zone }: { zone: ZoneFeature }) {
  const replay = useReplay();
  const { name, kind, version, valid_from, valid_to } = zone.properties;
  const activation = zoneActivation(zone.properties, replay.now);
  const [from, to] = [timeOf(valid_from), timeOf(valid_to)];
  const time = (ms: number): string => momentTime(ms, replay.now, replay.timezone);
  return (
    <>
      <b>{name}</b>
      <span class="zone-kind">{ZONE_KIND[kind]}</span>
      <span class="zone-limits">{zoneLimits(zone.properties)}</span>
      {activation !== null && <span class="zone-activation">{activation}</span>}
      <small>
        {from === null ? "from the beginning" : `from ${time(from)}`}, {to === null ? "without end" : `until ${time(to)}`}; version {version}
      </small>
    </>
  );
}

/** The zones of the map as words, for who does not point. */
export function ZonesThen() {
  const replay = useReplay();
  const zones = zonesAt(replay.zones ?? [], replay.now);
  return (
    <details class="panel zones-then" data-testid="zones-then">
      <summary>{replay.zones === null ? "Zones not known yet" : `${zones.length} ${zones.length === 1 ? "zone" : "zones"} in force here then`}</summary>
      <ul tabIndex={0} aria-label="Zones in force at the cursor">
        {zones.map(({ zone }) => (
          <li key={zone.id}>
            <ZoneWords zone={zone} />
          </li>
        ))}
      </ul>
    </details>
  );
}
