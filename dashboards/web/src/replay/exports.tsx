import { useState } from "preact/hooks";
import { loadPreferences } from "../preferences";
import { useReplay } from "./context";

const FORMATS = ["csv", "parquet", "geojson", "kml", "czml"] as const;
const WORDS: Record<(typeof FORMATS)[number], string> = { csv: "CSV", parquet: "Parquet", geojson: "GeoJSON", kml: "KML", czml: "CZML" };

/** What is shown, as files of one aircraft: its samples, or an incident bundle whose hashes `wedgetail verify` checks. */
export function Exports() {
  const replay = useReplay();
  const { aircraft, selected, range } = replay.address;
  const [format, setFormat] = useState<(typeof FORMATS)[number]>("csv");
  const [by, setBy] = useState(() => loadPreferences().station);
  const [said, setSaid] = useState<{ words: string; problem: boolean } | null>(null);
  const [busy, setBusy] = useState(false);
  const flight = selected ?? aircraft[0];
  if (flight === undefined || range === null) return null;
  const who = replay.nameOf(flight);
  const times: [string, string][] = [
    ["flight", flight],
    ["from", new Date(range[0]).toISOString()],
    ["to", new Date(range[1]).toISOString()],
  ];
  const fetchFile = async (path: string, query: [string, string][], init: RequestInit, name: string): Promise<void> => {
    setBusy(true);
    setSaid({ words: "Making the file…", problem: false });
    try {
      const answer = await replay.requests.ask(path, query, init);
      save(await answer.blob(), name);
      const root = answer.headers.get("Root-Hash");
      setSaid({ words: root === null ? `Saved as ${name}.` : `Saved as ${name}. Root hash, kept in the database: ${root}`, problem: false });
    } catch (error) {
      setSaid({ words: error instanceof Error ? error.message : String(error), problem: true });
    } finally {
      setBusy(false);
    }
  };
  const name = `${who.replace(/[^\w-]+/g, "_")}-${new Date(range[0]).toISOString().slice(0, 19).replaceAll(":", "")}Z`;
  return (
    <section class="panel exports" aria-label="Export" data-testid="exports">
      <h2>Export {who}</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void fetchFile("export", [...times, ["format", format]], {}, `${name}.${format}`);
        }}
      >
        <label>
          <span class="unseen">Format</span>
          <select value={format} data-testid="format" onChange={(event) => setFormat(FORMATS.find((one) => one === event.currentTarget.value) ?? "csv")}>
            {FORMATS.map((one) => (
              <option key={one} value={one}>
                {WORDS[one]}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" class="button" disabled={busy} data-testid="export">
          Save
        </button>
      </form>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void fetchFile("bundles", [...times, ["by", by.trim()]], { method: "POST" }, `${name}-incident.zip`);
        }}
      >
        <label>
          Made by
          <input value={by} required maxLength={200} data-testid="bundle-by" onInput={(event) => setBy(event.currentTarget.value)} />
        </label>
        <button type="submit" class="button" disabled={busy || by.trim() === ""} data-testid="bundle">
          Incident bundle
        </button>
      </form>
      {said !== null && (
        <p class={said.problem ? "problem" : "hint"} role={said.problem ? "alert" : "status"} data-testid="exported">
          {said.words}
        </p>
      )}
    </section>
  );
}

function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
