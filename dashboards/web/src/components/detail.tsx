import { at } from "../clock";
import { momentTime, NOT_KNOWN, number, positionProblem } from "../format";
import type { Aircraft } from "../protocol";
import { usePage } from "./context";
import { Badge } from "./glyph";
import { PilotLinks } from "./pilotlinks";
import { recentAddress, ReplayLink } from "./replaylink";
import { OwnAreas } from "./zones";

const FIX = ["no GPS", "no fix", "2D", "3D", "DGPS", "RTK float", "RTK fixed", "static", "PPP"];

/** All that is known of the selected aircraft, raw heights and reasons included. Stands under its row. */
export function Detail({ aircraft }: { aircraft: Aircraft }) {
  const { now, zone, show, followed, follow, zones } = usePage();
  const yes = (value: boolean | null): string => (value === null ? NOT_KNOWN : value ? "yes" : "no");
  const facts: [string, string][] = [
    ["above ground", `${number(aircraft.agl_m, "m", 1)}${aircraft.agl_source === null ? "" : `, ${aircraft.agl_source}`}`],
    ["above take-off", number(aircraft.takeoff_height_m, "m", 1)],
    ["above mean sea level", number(aircraft.amsl_m, "m", 1)],
    ["climb", number(aircraft.climb_mps, "m/s", 1)],
    ["heading of the nose", aircraft.heading_deg === null ? "not known" : `${number(aircraft.heading_deg, "")}° true`],
    ["position", aircraft.lat === null || aircraft.lon === null ? NOT_KNOWN : `${aircraft.lat.toFixed(5)}, ${aircraft.lon.toFixed(5)}`],
    ["position received", momentTime(at(aircraft.position_time), now, zone)],
    ["last heard", momentTime(at(aircraft.event_time), now, zone)],
    ["fix", `${FIX[aircraft.fix_type ?? -1] ?? NOT_KNOWN}, ${number(aircraft.satellites, "satellites")}`],
    ["battery read", aircraft.battery_age_s === null ? NOT_KNOWN : `${number(aircraft.battery_age_s, "s", 1)} before`],
    ["mode", aircraft.mode ?? NOT_KNOWN],
    ["armed", yes(aircraft.armed)],
    ["airborne", yes(aircraft.airborne)],
    ["link", `${aircraft.link_name ?? aircraft.link}, system ${aircraft.system_id}`],
  ];
  const problem = positionProblem(aircraft);
  if (problem !== null) facts.splice(5, 0, ["no position because", problem]);
  return (
    <div class="detail" data-testid={`detail-${aircraft.id}`}>
      {aircraft.reasons.length > 0 && (
        <ul class="reasons" aria-label="Reasons of its status">
          {aircraft.reasons.map((reason, index) => (
            <li key={reason.alert_id ?? `${reason.rule}${index}`}>
              <Badge level={reason.level} /> {reason.what} <small>{reason.rule}</small>
            </li>
          ))}
        </ul>
      )}
      <div class="buttons">
        <button type="button" class="button" onClick={() => show(aircraft.id, true)}>
          Show on the map
        </button>
        <button
          type="button"
          class="button"
          data-testid={`follow-${aircraft.id}`}
          onClick={() => follow(followed === aircraft.id ? null : aircraft.id)}
        >
          {followed === aircraft.id ? "Stop following" : "Follow"}
        </button>
        <button type="button" class="button" data-testid={`area-${aircraft.id}`} onClick={() => zones.start(aircraft.id)}>
          Draw an area for it
        </button>
          {now !== null && <ReplayLink address={recentAddress(aircraft.id, now)} id={aircraft.id} />}
      </div>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <OwnAreas aircraftId={aircraft.id} />
      <PilotLinks aircraftId={aircraft.id} />
    </div>
  );
}
