import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { onBlink } from "../blink";
import { cards, needsAcknowledging, onThePage } from "../order";
import { loadPreferences, savePreferences, type Preferences, type Theme } from "../preferences";
import type { Aircraft, Alert } from "../protocol";
import { Sounder } from "../sound";
import { passes, type Filter } from "../state";
import type { Store } from "../store";
import { announce, Announcer, type Announcement } from "./announcer";
import { PageContext, useMedia, useStore, useTick, type Page } from "./context";
import { Fleet } from "./fleet";
import { Gate, Outdated } from "./gate";
import { Header, StatusLine } from "./header";
import { Handle, Tabs, type Tab } from "./layout";
import { MapLinkContext, type MapLink } from "./maplink";
import { MapPane } from "./mapview";
import { Queue } from "./queue";

const TICK_MS = 250;
const THEMES: Theme[] = ["auto", "day", "night"];

export function App({ store }: { store: Store }) {
  const state = useStore(store);
  useTick(TICK_MS);
  const [preferences, setPreferences] = useState(loadPreferences);
  const [selected, setSelected] = useState<string | null>(null);
  const [target, setTarget] = useState<{ id: string } | null>(null);
  const [filter, setFilter] = useState<Filter | null>(null);
  const [search, setSearch] = useState("");
  const [tab, setTab] = useState<Tab>("map");
  const [drawer, setDrawer] = useState(false);
  const [zone, setZone] = useState<string | null>(null);
  const [link, setLink] = useState<MapLink>({ hover: () => undefined, lookAtZone: () => undefined });
  const [waiting, setWaiting] = useState<readonly Alert[]>([]);
  const [said, setSaid] = useState<Announcement | null>(null);
  const sounder = useMemo(() => new Sounder(), []);
  const [soundArmed, setSoundArmed] = useState(false);
  const [soundProblem, setSoundProblem] = useState<string | null>(null);
  const dark = useMedia("(prefers-color-scheme: dark)");
  const theme = preferences.theme === "auto" ? (dark ? "night" : "day") : preferences.theme;
  // Before the map draws: its colours are read from the document.
  document.documentElement.dataset.theme = theme;

  useEffect(() => onBlink((bright) => (document.documentElement.dataset.blink = bright ? "bright" : "dim")), []);

  useEffect(() => {
    store.onNews = (alerts) => {
      sounder.sound(alerts, performance.now());
      setSaid((before) => announce(alerts, (before?.count ?? 0) + 1));
    };
  }, [store, sounder]);

  const queue = useMemo(() => cards(state.alerts.values()), [state.alerts]);
  const unacknowledged = useMemo(
    () => new Set([...state.alerts.values()].filter((one) => onThePage(one) && needsAcknowledging(one)).map((one) => one.aircraft_id)),
    [state.alerts],
  );
  const count = queue.reduce((sum, card) => sum + card.unacknowledged, 0);
  useEffect(() => {
    document.title = count > 0 ? `(${count}) Wedgetail` : "Wedgetail";
  }, [count]);

  const prefer = (change: Partial<Preferences>): void => {
    const next = { ...preferences, ...change };
    setPreferences(next);
    savePreferences(next);
  };
  const narrow = useMedia("(max-width: 499px)");
  const narrowNow = useRef(narrow);
  narrowNow.current = narrow;
  const show = useCallback((id: string | null, look: boolean): void => {
    setSelected(id);
    if (id === null || !look) return;
    setTarget({ id });
    if (narrowNow.current) setTab((now) => (now === "alerts" ? "map" : now));
    setDrawer(false);
  }, []);
  const shown = useCallback(
    (one: Aircraft): boolean => passes(one, filter, search, unacknowledged.has(one.id)),
    [filter, search, unacknowledged],
  );

  if (state.phase === "outdated") return <Outdated />;
  if (state.phase === "refused") return <Gate refused={state.refusal ?? ""} />;

  const now = store.now();
  const live = state.phase === "live" && store.linkAge() < 3;
  const page: Page = {
    store,
    state,
    now,
    zone: store.timezone,
    live,
    preferences,
    prefer,
    selected,
    show,
    acknowledge: (alerts) => {
      if (preferences.station === "") setWaiting(alerts);
      else for (const alert of alerts) void store.acknowledge(alert, preferences.station);
    },
  };
  const toggleSound = (): void => {
    const turned = soundArmed ? sounder.disarm() : sounder.arm();
    turned.then(
      () => {
        setSoundArmed(sounder.armed);
        setSoundProblem(null);
      },
      (error: unknown) => setSoundProblem(`The sound could not start (${error instanceof Error ? error.message : String(error)}).`),
    );
  };
  const stationNamed = (name: string): void => {
    prefer({ station: name });
    // What is acknowledged is the alert as it was seen when the button was pressed.
    for (const alert of waiting) void store.acknowledge(alert, name);
    setWaiting([]);
  };

  return (
    <PageContext.Provider value={page}>
      <MapLinkContext.Provider value={link}>
        <div class={`page${live || !state.known ? "" : " page-lost"}`} data-tab={tab} data-drawer={drawer} data-live={live} data-testid="page">
          <Header filter={filter} onFilter={setFilter} />
          <section class="status-bar" aria-label="Status">
            <StatusLine />
            <label class="theme">
              <span class="unseen">Colours</span>
              <select
                data-testid="theme"
                value={preferences.theme}
                onChange={(event) => prefer({ theme: THEMES.find((one) => one === event.currentTarget.value) ?? "auto" })}
              >
                <option value="auto">Day or night: auto</option>
                <option value="day">Day</option>
                <option value="night">Night</option>
              </select>
            </label>
          </section>
          <main class="panes">
            <Fleet filter={filter} search={search} unacknowledged={unacknowledged} onFilter={setFilter} onSearch={setSearch} />
            <MapPane
              unacknowledged={unacknowledged}
              shown={shown}
              theme={theme}
              target={target}
              zone={zone}
              onZone={setZone}
              onLink={setLink}
            />
            <Handle cards={queue} open={drawer} onToggle={() => setDrawer(!drawer)} />
            <Queue
              cards={queue}
              waiting={waiting.length > 0}
              onStation={stationNamed}
              soundArmed={soundArmed}
              soundProblem={soundProblem}
              onSound={toggleSound}
            />
          </main>
          <Tabs cards={queue} tab={tab} onTab={setTab} />
          <Announcer said={said} />
        </div>
      </MapLinkContext.Provider>
    </PageContext.Provider>
  );
}
