import { useState } from "preact/hooks";
import { Glyph } from "../components/glyph";
import { aircraftName, number } from "../format";
import type { Aircraft, Alert } from "../protocol";
import type { Store } from "../store";
import { Pointer } from "./boundary";
import { bearingOf } from "./view";

/** A breach takes the screen: what, how far, which way back, and one button. Gone when the server says that it was seen. */
export function Takeover({ store, alerts, aircraft, old }: { store: Store; alerts: readonly Alert[]; aircraft: Aircraft | undefined; old: boolean }) {
  const press = useSaw(store);
  const [worst, ...others] = alerts;
  if (worst === undefined) return null;
  const bearing = bearingOf(worst.way_back);
  return (
    <main class="takeover" data-testid="takeover">
      <header>
        <Glyph mark={{ level: "breach", breachEdge: false }} />
        <h1>BREACH</h1>
        <p>{aircraft === undefined ? "" : aircraftName(aircraft)}</p>
      </header>
      <p class="what" data-testid="what">
        {worst.what}
      </p>
      <div class={`back${old ? " old" : ""}`} data-old={old}>
        {worst.beyond_m !== null && (
          <p class="far">
            <b>{number(worst.beyond_m, "m")}</b> beyond
          </p>
        )}
        {bearing !== null && aircraft !== undefined && <Pointer bearing={bearing} aircraft={aircraft} now={store.now()} />}
        <p class="way" data-testid="way">
          {worst.way_back ?? "No direct way back is known"}
        </p>
        {old && <p class="from-old">from an old position</p>}
      </div>
      {others.length > 0 && (
        <ul class="others">
          {others.map((alert) => (
            <li key={alert.id}>
              {alert.what} <b>{alert.way_back}</b>
            </li>
          ))}
        </ul>
      )}
      {press.problem !== null && (
        <p class="problem" role="alert">
          {press.problem}
        </p>
      )}
      <button type="button" class="see" data-testid="see" aria-disabled={press.busy} onClick={() => press.saw(alerts)}>
        {press.busy ? "Sending…" : "I SEE IT"}
      </button>
      <p class="hint">Dispatch is told that you saw it. It is not acknowledged for them.</p>
    </main>
  );
}

/** Sends what was seen. A request whose outcome is not known is sent again as the same one, so that it counts once. */
function useSaw(store: Store): { busy: boolean; problem: string | null; saw(alerts: readonly Alert[]): void } {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [requests] = useState(() => new Map<string, string>());
  const one = async (alert: Alert): Promise<string | null> => {
    const key = `${alert.id} ${alert.n}`;
    const requestId = requests.get(key) ?? crypto.randomUUID();
    requests.set(key, requestId);
    const failed = await store.saw(alert, requestId);
    if (failed?.again === false) requests.delete(key);
    return failed?.problem ?? null;
  };
  const saw = (alerts: readonly Alert[]): void => {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    void Promise.all(alerts.map(one)).then((problems) => {
      setProblem(problems.find((said) => said !== null) ?? null);
      setBusy(false);
    });
  };
  return { busy, problem, saw };
}
