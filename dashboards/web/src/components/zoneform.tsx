import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { DATUMS, within, type Draft, type Field as FieldName } from "../drawing/draft";
import { localMs, localText } from "../drawing/localtime";
import type { Present } from "../drawing/outline";
import { aircraftName, clockTime, duration } from "../format";
import { usePage } from "./context";
import { useMapLink } from "./maplink";

const SPANS: [string, number][] = [
  ["30 min", 30],
  ["1 h", 60],
  ["2 h", 120],
  ["4 h", 240],
];
const MOST_NAMES = 5;

/** A temporary zone, by keyboard: what the map shows of it follows what stands here, and the other way round. */
export function ZoneForm({ draft }: { draft: Draft }) {
  const { state, zones, zone, now } = usePage();
  const map = useMapLink();
  const form = useRef<HTMLFormElement>(null);
  const fleet = [...state.aircraft.values()].sort((a, b) => aircraftName(a).localeCompare(aircraftName(b), "en", { numeric: true }));
  const there = zones.checked === null ? null : within(draft, zones.checked, fleet);
  const ends = localMs(draft.ends, zone);
  useEffect(() => form.current?.querySelector<HTMLElement>("textarea")?.focus({ preventScroll: true }), []);
  const publish = (event: Event): void => {
    event.preventDefault();
    zones.publish();
    // What is wrong is marked with the next drawing.
    requestAnimationFrame(() => requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus()));
  };
  return (
    <form class="zone-form" ref={form} onSubmit={publish} noValidate data-testid="zone-form" aria-label="Temporary zone">
      <div class="bar">
        <h2>Temporary zone</h2>
        <button type="button" class="button" data-testid="zone-cancel" onClick={zones.putAside}>
          Do not publish
        </button>
      </div>
      <Field name="name" title="Name">
        {(own) => <input {...own} maxLength={200} autocomplete="off" value={draft.name} onInput={(event) => zones.change({ name: event.currentTarget.value })} />}
      </Field>
      <fieldset class="choice">
        <legend>It asks to</legend>
        {(["keep_out", "keep_in"] as const).map((kind) => (
          <label key={kind}>
            <input type="radio" name="kind" value={kind} data-testid={`zone-kind-${kind}`} checked={draft.kind === kind} onChange={() => zones.change({ kind })} />
            {kind === "keep_out" ? "keep out of it" : "keep inside of it"}
          </label>
        ))}
      </fieldset>
      <label class="field">
        <span>for</span>
        <select data-testid="zone-whose" value={draft.whose ?? ""} onChange={(event) => zones.change({ whose: event.currentTarget.value || null })}>
          <option value="">all aircraft</option>
          {fleet.map((one) => (
            <option key={one.id} value={one.id}>
              {aircraftName(one)}
            </option>
          ))}
        </select>
      </label>
      <Field name="corners" title="Corners, a line each: latitude, longitude" hint="Click the map, type or paste: -35.302 149.101, or 35°18.1'S 149°06.1'E. One alone is the middle of a circle.">
        {(own) => (
          <textarea {...own} rows={Math.min(8, Math.max(4, draft.corners.split("\n").length + 1))} spellcheck={false} value={draft.corners} onInput={(event) => zones.change({ corners: event.currentTarget.value })} />
        )}
      </Field>
      <div class="buttons">
        <button type="button" class="button" data-testid="zone-middle" onClick={map.cornerInTheMiddle}>
          Corner at the map's middle
        </button>
        <button type="button" class="button" data-testid="zone-take-back" disabled={draft.corners.trim() === ""} onClick={zones.takeBack}>
          Take back the last
        </button>
      </div>
      {zones.checked?.places.length === 1 && (
        <Field name="radius" title="Radius of a circle around it, metres">
          {(own) => <input {...own} inputMode="decimal" autocomplete="off" value={draft.radius} onInput={(event) => zones.change({ radius: event.currentTarget.value })} />}
        </Field>
      )}
      <Limit name="floor" title="Floor, metres" none="from the ground" value={draft.floor} datum={draft.floorDatum} onChange={(floor, floorDatum) => zones.change({ floor, floorDatum })} />
      <Limit name="ceiling" title="Ceiling, metres" none="without limit" value={draft.ceiling} datum={draft.ceilingDatum} onChange={(ceiling, ceilingDatum) => zones.change({ ceiling, ceilingDatum })} />
      <Field name="ends" title={`Ends, time of ${zone}`} hint={ends === null || now === null ? undefined : `${clockTime(ends, zone)}, ${clockTime(ends, "UTC")}${ends > now ? `: in ${duration((ends - now) / 1000)}` : ""}`}>
        {(own) => <input {...own} type="datetime-local" value={draft.ends} onInput={(event) => zones.change({ ends: event.currentTarget.value })} />}
      </Field>
      <div class="buttons" role="group" aria-label="Ends from now in">
        {SPANS.map(([title, minutes]) => (
          <button key={title} type="button" class="button" data-testid={`zone-ends-${minutes}`} disabled={now === null} onClick={() => zones.change({ ends: localText(Math.ceil((now ?? 0) / 60_000) * 60_000 + minutes * 60_000, zone) })}>
            in {title}
          </button>
        ))}
      </div>
      <div class="zone-end">
        <p class="inside" role="status" data-testid="zone-inside">
          {there === null ? "Who is inside is said here once it has an outline." : said(there, draft.kind)}
        </p>
        {zones.refusal !== null && (
          <p class="problem" role="alert" data-testid="zone-refusal">
            Not published: {zones.refusal}.
          </p>
        )}
        <button type="submit" class="button publish" data-testid="zone-publish" aria-disabled={zones.sending}>
          {zones.sending ? "Publishing…" : "Publish"}
        </button>
      </div>
    </form>
  );
}

function said(there: Present, kind: Draft["kind"]): ComponentChildren {
  const alarmed = kind === "keep_out" ? there.inside : there.outside;
  const names = alarmed.slice(0, MOST_NAMES).map(aircraftName).join(", ") + (alarmed.length > MOST_NAMES ? ` and ${alarmed.length - MOST_NAMES} more` : "");
  return (
    <>
      <b>
        {there.inside.length} aircraft inside{kind === "keep_in" ? `, ${there.outside.length} outside` : ""}
      </b>
      {alarmed.length > 0 && `; in breach as soon as it holds: ${names}`}.
      {there.placeless > 0 && ` ${there.placeless} without a position ${there.placeless === 1 ? "is" : "are"} not counted.`}
    </>
  );
}

interface OwnProps {
  id: string;
  "data-testid": string;
  "aria-invalid": boolean;
  "aria-describedby": string | undefined;
}

/** A field with its title above it, and below it what is wrong with it or what helps. */
function Field({ name, title, hint, children }: { name: FieldName; title: string; hint?: string | undefined; children(own: OwnProps): ComponentChildren }) {
  const { zones } = usePage();
  const id = useId();
  const problem = zones.problems[name];
  const described = problem !== undefined || hint !== undefined;
  return (
    <div class="field">
      <label for={id}>{title}</label>
      {children({ id, "data-testid": `zone-${name}`, "aria-invalid": problem !== undefined, "aria-describedby": described ? `${id}-said` : undefined })}
      {described && (
        <p id={`${id}-said`} class={problem === undefined ? "help" : "problem"} data-testid={`zone-${name}-said`}>
          {problem ?? hint}
        </p>
      )}
    </div>
  );
}

interface LimitProps {
  name: "floor" | "ceiling";
  title: string;
  /** What an empty field means. */
  none: string;
  value: string;
  datum: string;
  onChange(value: string, datum: string): void;
}

function Limit({ name, title, none, value, datum, onChange }: LimitProps) {
  return (
    <Field name={name} title={title} hint={value.trim() === "" ? `Empty: ${none}.` : undefined}>
      {(own) => (
        <span class="limit">
          <input {...own} inputMode="decimal" autocomplete="off" value={value} onInput={(event) => onChange(event.currentTarget.value, datum)} />
          <select aria-label={`${title}: measured from`} data-testid={`zone-${name}-datum`} value={datum} onChange={(event) => onChange(value, event.currentTarget.value)}>
            <option value="">measured from …</option>
            {DATUMS.map(([word, words]) => (
              <option key={word} value={word}>
                {words}
              </option>
            ))}
          </select>
        </span>
      )}
    </Field>
  );
}
