import { useEffect, useMemo, useState } from "preact/hooks";
import { ageSeconds, at } from "../clock";
import { announce, Announcer, type Announcement } from "../components/announcer";
import { useMedia, useStore, useTick } from "../components/context";
import { Outdated } from "../components/gate";
import { Badge, Glyph } from "../components/glyph";
import { Unreadable } from "../components/unreadable";
import { age, aircraftName, clockTime, momentTime, NOT_KNOWN, number } from "../format";
import { markOf } from "../glyphs";
import { loadPreferences, savePreferences, type Theme } from "../preferences";
import type { Aircraft, Alert } from "../protocol";
import type { Store } from "../store";
import { Attention } from "./attention";
import { Boundary } from "./boundary";
import { HeightFigure } from "./height";
import { Over } from "./over";
import { Ready } from "./ready";
import { Takeover } from "./takeover";
import { NOT_HEARD_S, OLD_S, standing, unseen } from "./view";

const TICK_MS = 250;
const AGAIN_MS = 10_000; // a breach that nobody saw sounds again

/** The whole page: what went wrong with the connection before anything else, a breach before the figures. */
export function PilotPage({ store }: { store: Store }) {
  const state = useStore(store);
  useTick(TICK_MS);
  const attention = useMemo(() => new Attention(), []);
  const [said, setSaid] = useState<Announcement | null>(null);
  const [theme, setTheme] = useState<Theme>(() => loadPreferences().theme);
  const dark = useMedia("(prefers-color-scheme: dark)");
  document.documentElement.dataset.theme = theme === "auto" ? (dark ? "night" : "day") : theme;
  const chooseTheme = (chosen: Theme): void => {
    setTheme(chosen);
    savePreferences({ ...loadPreferences(), theme: chosen });
  };

  useEffect(() => {
    store.onNews = (alerts) => {
      attention.alarm(alerts);
      setSaid((before) => announce(alerts, (before?.count ?? 0) + 1));
    };
  }, [store, attention]);
  const urgent = unseen(state.alerts.values());
  useEffect(() => {
    if (urgent.length === 0) return;
    const timer = window.setInterval(() => attention.alarm(unseen(store.state.alerts.values())), AGAIN_MS);
    return () => window.clearInterval(timer);
  }, [urgent.length === 0, attention, store]);

  if (state.phase === "outdated") return <Outdated />;
  if (state.phase === "refused") return <Over refused={state.refusal ?? ""} />;
  const now = store.now();
  const live = state.phase === "live" && store.linkAge() < 3;
  const pilot = state.hello?.pilot ?? null;
  const unreadable = store.unreadable();
  const aircraft = pilot === null ? undefined : state.aircraft.get(pilot.aircraft_id);
  const positionAge = ageSeconds(aircraft?.position_time, now);
  const old = !live || positionAge === null || positionAge >= OLD_S;
  return (
    <div class={`pilot${live || !state.known ? "" : " pilot-lost"}`} data-live={live} data-testid="pilot">
      <Warnings store={store} live={live} aircraft={aircraft} />
      {urgent.length > 0 ? (
        <Takeover store={store} alerts={urgent} aircraft={aircraft} old={old} />
      ) : (
        <main class={`figures${old ? " figures-old" : ""}`}>
          <header class="who">
            <h1>{aircraft === undefined ? "Your aircraft" : aircraftName(aircraft)}</h1>
            {aircraft !== undefined && (
              <span class="status-mark" data-testid="level" data-level={aircraft.level}>
                <Glyph mark={markOf(aircraft)} stale={old} />
                <Badge level={aircraft.level} />
              </span>
            )}
          </header>
          <Standing alerts={standing(state.alerts.values())} now={now} zone={store.timezone} />
          {aircraft === undefined ? (
            <p class="nothing" data-testid="nothing">
              {state.known ? "Nothing was heard of it yet. Switch it on: it appears here by itself." : "Waiting for the server's first picture"}
            </p>
          ) : (
            <>
              <HeightFigure aircraft={aircraft} around={state.around} />
              <Boundary aircraft={aircraft} around={state.around} now={now} />
              <Small aircraft={aircraft} now={now} link={now === null ? null : store.linkAge()} />
            </>
          )}
          <Ready attention={attention} />
          <footer class="foot">
            {pilot !== null && (
              <p>
                {pilot.name}: this link ends {momentTime(at(pilot.expires_at), now, store.timezone)}
              </p>
            )}
            {live && unreadable !== null && (
              <p>
                <Unreadable what={unreadable} />
              </p>
            )}
            <p data-testid="time">
              {clockTime(now, store.timezone)} {clockTime(now, "UTC")}
            </p>
            <label>
              Colours{" "}
              <select data-testid="theme" value={theme} onChange={(event) => chooseTheme(event.currentTarget.value as Theme)}>
                <option value="auto">auto</option>
                <option value="day">day</option>
                <option value="night">night</option>
              </select>
            </label>
          </footer>
        </main>
      )}
      <Announcer said={said} />
    </div>
  );
}

/** Before anything else: why what is shown may not be so. */
function Warnings({ store, live, aircraft }: { store: Store; live: boolean; aircraft: Aircraft | undefined }) {
  const { state } = store;
  const now = store.now();
  const silent = ageSeconds(aircraft?.event_time, now);
  const stopped = state.rules !== null && !state.rules.running;
  const lost = !live && state.known;
  const unreadable = store.unreadable();
  return (
    <div class="warnings" role="alert">
      {(lost || (state.phase === "lost" && !state.known)) && (
        <p data-testid="banner-connection">
          <b>CONNECTION LOST</b> <Ago seconds={store.linkAge()} /> No alert can reach you. Trying again by itself.
          {unreadable !== null && <Unreadable what={unreadable} />}
        </p>
      )}
      {live && silent !== null && silent >= NOT_HEARD_S && aircraft?.ended !== true && (
        <p data-testid="banner-silent">
          <b>AIRCRAFT NOT HEARD</b> <Ago seconds={silent} /> What you see is old.
        </p>
      )}
      {live && stopped && (
        <p data-testid="banner-rules">
          <b>RULES NOT RUNNING</b> Nothing is judged: no new alert can come.
        </p>
      )}
    </div>
  );
}

/** A screen reader is told the warning once, not each second of it. */
function Ago({ seconds }: { seconds: number }) {
  return <span aria-hidden="true">for {age(seconds)}.</span>;
}

/** What stands and has been seen, or takes no screen: in lines. */
function Standing({ alerts, now, zone }: { alerts: readonly Alert[]; now: number | null; zone: string }) {
  if (alerts.length === 0) return null;
  return (
    <ul class="standing" data-testid="standing">
      {alerts.map((alert) => (
        <li key={alert.id} class={`stands-${alert.level}`}>
          <Badge level={alert.level} /> {alert.what}
          {alert.way_back !== null && <b> {alert.way_back}</b>}
          {alert.pilot_saw !== null && (
            <small data-testid={`saw-${alert.id}`}> pilot saw {momentTime(at(alert.pilot_saw.at), now, zone)}</small>
          )}
        </li>
      ))}
    </ul>
  );
}

function Small({ aircraft, now, link }: { aircraft: Aircraft; now: number | null; link: number | null }) {
  const heard = ageSeconds(aircraft.event_time, now);
  const facts: [string, string, string][] = [
    ["battery", number(aircraft.battery_pct, "%"), "battery"],
    ["aircraft heard", heard === null ? NOT_KNOWN : `${age(heard, true)} ago`, "age"],
    ["server heard", link === null ? NOT_KNOWN : `${age(link, true)} ago`, "link"],
  ];
  return (
    <dl class="small">
      {facts.map(([name, value, id]) => (
        <div key={id}>
          <dt>{name}</dt>
          <dd data-testid={id}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
