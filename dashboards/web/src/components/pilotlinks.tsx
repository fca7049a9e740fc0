import { useCallback, useEffect, useState } from "preact/hooks";
import { encode } from "uqr";
import { at } from "../clock";
import { momentTime } from "../format";
import type { PilotLink } from "../protocol";
import { usePage } from "./context";

const HOURS = [1, 2, 4, 8, 12, 24];
const QUIET_ZONE = 4; // modules around the code, as ISO 18004 asks for

/** The links by which pilots see this aircraft on their phones: made, shown as a code to scan, ended. */
export function PilotLinks({ aircraftId }: { aircraftId: string }) {
  const { store, state } = usePage();
  const [links, setLinks] = useState<PilotLink[] | null>(null);
  const [shown, setShown] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const fail = (error: unknown): void => setProblem(error instanceof Error ? error.message : String(error));
  const load = useCallback(() => {
    store.pilotLinks(aircraftId).then((found) => {
      setLinks(found);
      setProblem(null);
    }, fail);
  }, [store, aircraftId]);
  useEffect(load, [load, state.phase]);

  const make = (name: string, hours: number): void => {
    store.makePilotLink(aircraftId, name, hours).then((link) => {
      setShown(link.link_id);
      load();
    }, fail);
  };
  return (
    <section class="pilot-links" aria-label="Pilot links">
      <h3>Pilot links</h3>
      <NewLink onMake={make} />
      {problem !== null && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {links?.length === 0 && <p class="hint">Nobody has a link. One shows this aircraft, and nothing else, on a pilot's phone.</p>}
      <ul>
        {links?.map((link) => (
          <Link
            key={link.link_id}
            link={link}
            shown={shown === link.link_id}
            onShow={() => setShown(shown === link.link_id ? null : link.link_id)}
            onEnd={() => void store.endPilotLink(link.link_id).then(load, fail)}
          />
        ))}
      </ul>
    </section>
  );
}

function NewLink({ onMake }: { onMake(name: string, hours: number): void }) {
  const [name, setName] = useState("");
  const [hours, setHours] = useState(4);
  const make = (event: Event): void => {
    event.preventDefault();
    if (name.trim() !== "") onMake(name.trim(), hours);
    setName("");
  };
  return (
    <form onSubmit={make}>
      <label>
        Pilot
        <input
          data-testid="pilot-name"
          value={name}
          maxLength={40}
          autocomplete="off"
          placeholder="e.g. Kim"
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <label>
        for
        <select data-testid="pilot-hours" value={hours} onChange={(event) => setHours(Number(event.currentTarget.value))}>
          {HOURS.map((one) => (
            <option key={one} value={one}>
              {one} h
            </option>
          ))}
        </select>
      </label>
      <button type="submit" class="button" data-testid="pilot-make" disabled={name.trim() === ""}>
        Make a link
      </button>
    </form>
  );
}

function Link({ link, shown, onShow, onEnd }: { link: PilotLink; shown: boolean; onShow(): void; onEnd(): void }) {
  const { now, zone } = usePage();
  const expires = at(link.expires_at);
  if (now !== null && expires !== null && now >= expires) return null;
  return (
    <li data-testid="pilot-link">
      <p>
        <b>{link.name}</b> until {momentTime(expires, now, zone)}
      </p>
      <button type="button" class="button" aria-expanded={shown} onClick={onShow}>
        {shown ? "Hide the code" : "Show the code"}
      </button>
      <button type="button" class="button" data-testid="pilot-end" onClick={onEnd}>
        End it
      </button>
      {shown && <Code link={link} />}
    </li>
  );
}

function Code({ link }: { link: PilotLink }) {
  const [copied, setCopied] = useState<boolean | null>(null);
  const copy = (): void => {
    navigator.clipboard.writeText(link.url).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <div class="code">
      <QrCode text={link.url} label={`Code of the pilot link of ${link.name}`} />
      <p>
        Scan it with the pilot's phone. Whoever has it sees this aircraft until then.
        {!link.beyond_this_machine && (
          <b> It opens on this machine only: for phones start the API with --listen, --tls-cert and --tls-key.</b>
        )}
      </p>
      <button type="button" class="button" data-testid="pilot-copy" data-url={link.url} onClick={copy}>
        {copied === null ? "Copy the link" : copied ? "Copied" : "The browser did not let it be copied"}
      </button>
    </div>
  );
}

/** Dark on light by day and night: scanners look for that. */
function QrCode({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { ecc: "M", border: QUIET_ZONE });
  const dark = data.flatMap((row, y) => row.map((on, x) => (on ? `M${x} ${y}h1v1h-1z` : "")));
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shape-rendering="crispEdges" data-testid="pilot-code">
      <path d={`M0 0h${size}v${size}h-${size}z`} fill="var(--code-light)" />
      <path d={dark.join("")} fill="var(--code-dark)" />
    </svg>
  );
}
