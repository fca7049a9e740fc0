import { useState } from "preact/hooks";
import { ZONE_KIND, zoneLimits } from "../format";
import { useReplay } from "./context";
import type { AgainState, WhatIf } from "./useagain";
import { DATUMS, NO_ZONE, readZone, saysAll, type Datum, type TypedZone } from "./zonetext";

const RULE_LIMIT_M = 120;
const DATUM_WORDS: Record<Datum, string> = {
  AGL: "above ground", AMSL: "above sea level", TAKEOFF: "above take-off", FL: "pressure (FL)", WGS84: "ellipsoid",
};

/** What is to be other than it was: the height limit, a zone more, some zones less. What is left empty stays as it was. */
export function WhatIfForm({ again, disabled }: { again: AgainState; disabled: boolean }) {
  const replay = useReplay();
  const [limit, setLimit] = useState("");
  const [zone, setZone] = useState<TypedZone>(NO_ZONE);
  const [without, setWithout] = useState<readonly string[]>([]);
  const wrong = again.problem?.field.startsWith("what_if") === true ? again.problem : null;
  const about = (field: string): boolean => wrong?.field.startsWith(`what_if.${field}`) === true;
  const then = [...new Map((replay.zones ?? []).map(({ zone: one }) => [one.id, one])).values()];

  const ask = (event: Event): void => {
    event.preventDefault();
    const whatIf: WhatIf = {};
    const words: string[] = [];
    if (limit.trim() !== "") {
      whatIf.height_limit_m = Number(limit);
      words.push(`a height limit of ${limit.trim()} m above ground`);
    }
    try {
      if (zone.text.trim() !== "") {
        whatIf.zones = readZone(zone);
        words.push(saysAll(zone.text) ? "the zones of the GeoJSON" : `the zone ${zone.name.trim()}, ${ZONE_KIND[zone.kind]}`);
      }
    } catch (error) {
      again.fail(error instanceof Error ? error.message : String(error), "what_if.zones");
      return;
    }
    if (without.length > 0) {
      whatIf.without = [...without];
      words.push(`without ${then.filter(({ id }) => without.includes(id)).map(({ properties }) => properties.name).join(", ")}`);
    }
    again.run(whatIf, words.join("; "));
  };
  return (
    <details class="whatif" data-testid="whatif">
      <summary>What if…</summary>
      <form onSubmit={ask}>
        <label>
          Height limit, metres above ground
          <input
            type="number"
            min={0}
            max={30_000}
            step="any"
            value={limit}
            placeholder={`${RULE_LIMIT_M}, as it is`}
            aria-invalid={about("height_limit_m")}
            data-testid="whatif-limit"
            onInput={(event) => setLimit(event.currentTarget.value)}
          />
        </label>
        {about("height_limit_m") && <Said words={wrong!.words} />}
        <ZoneFields zone={zone} wrong={about("zones") ? wrong!.words : null} onChange={setZone} />
        {then.length > 0 && (
          <fieldset>
            <legend>Without these zones</legend>
            {then.map(({ id, properties }) => (
              <label key={id} class="choice">
                <input
                  type="checkbox"
                  checked={without.includes(id)}
                  onChange={(event) => setWithout(event.currentTarget.checked ? [...without, id] : without.filter((one) => one !== id))}
                />
                <span>
                  {properties.name} <small>{zoneLimits(properties)}</small>
                </span>
              </label>
            ))}
          </fieldset>
        )}
        {about("without") && <Said words={wrong!.words} />}
        <button type="submit" class="button" disabled={disabled} data-testid="whatif-ask">
          Ask what if
        </button>
      </form>
    </details>
  );
}

function Said({ words }: { words: string }) {
  return (
    <p class="problem" role="alert" data-testid="whatif-problem">
      {words}
    </p>
  );
}

function ZoneFields({ zone, wrong, onChange }: { zone: TypedZone; wrong: string | null; onChange(zone: TypedZone): void }) {
  const whole = saysAll(zone.text);
  const set = (changed: Partial<TypedZone>): void => onChange({ ...zone, ...changed });
  return (
    <fieldset>
      <legend>With this zone too</legend>
      <label>
        Corners, one on each line: longitude, latitude; or GeoJSON
        <textarea
          rows={4}
          spellcheck={false}
          value={zone.text}
          placeholder={"149.1651, -35.3587\n149.1544, -35.3593\n149.1572, -35.3723"}
          aria-invalid={wrong !== null}
          data-testid="whatif-zone"
          onInput={(event) => set({ text: event.currentTarget.value })}
        />
      </label>
      {wrong !== null && <Said words={wrong} />}
      <label class="whatif-file">
        or from a GeoJSON file
        <input
          type="file"
          accept=".geojson,.json,application/geo+json,application/json"
          onChange={(event) => void event.currentTarget.files?.[0]?.text().then((text) => set({ text }))}
        />
      </label>
      {whole && <p class="hint">The GeoJSON says the rest by itself: name, kind, floor and ceiling.</p>}
      {!whole && (
        <div class="whatif-zone">
          <label>
            Name
            <input value={zone.name} maxLength={200} data-testid="whatif-name" onInput={(event) => set({ name: event.currentTarget.value })} />
          </label>
          <label>
            It says
            <select value={zone.kind} data-testid="whatif-kind" onChange={(event) => set({ kind: event.currentTarget.value === "keep_in" ? "keep_in" : "keep_out" })}>
              <option value="keep_out">KEEP OUT</option>
              <option value="keep_in">KEEP IN</option>
            </select>
          </label>
          <Limit which="floor" none="the ground" metres={zone.floor} datum={zone.floorDatum} onChange={(floor, floorDatum) => set({ floor, floorDatum })} />
          <Limit
            which="ceiling"
            none="no limit"
            metres={zone.ceiling}
            datum={zone.ceilingDatum}
            onChange={(ceiling, ceilingDatum) => set({ ceiling, ceilingDatum })}
          />
        </div>
      )}
    </fieldset>
  );
}

interface LimitProps {
  which: "floor" | "ceiling";
  none: string;
  metres: string;
  datum: Datum;
  onChange(metres: string, datum: Datum): void;
}

function Limit({ which, none, metres, datum, onChange }: LimitProps) {
  const name = which === "floor" ? "Floor" : "Ceiling";
  return (
    <>
      <label>
        {name}, metres
        <input type="number" step="any" value={metres} placeholder={none} data-testid={`whatif-${which}`} onInput={(event) => onChange(event.currentTarget.value, datum)} />
      </label>
      <label>
        <span class="unseen">{name} </span>measured
        <select value={datum} onChange={(event) => onChange(metres, DATUMS.find((one) => one === event.currentTarget.value) ?? "AGL")}>
          {DATUMS.map((one) => (
            <option key={one} value={one}>
              {DATUM_WORDS[one]}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}
