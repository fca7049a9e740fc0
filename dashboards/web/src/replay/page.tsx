import { useEffect, useState } from "preact/hooks";
import { useMedia } from "../components/context";
import { Gate } from "../components/gate";
import { clockTime } from "../format";
import { loadPreferences, savePreferences, type Theme } from "../preferences";
import { ReplayContext, useReplay } from "./context";
import type { Replay } from "./replay";

const THEMES: Theme[] = ["auto", "day", "night"];

export function ReplayPage({ replay }: { replay: Replay }) {
  return (
    <ReplayContext.Provider value={replay}>
      <Page />
    </ReplayContext.Provider>
  );
}

function Page() {
  const replay = useReplay();
  const [preferences, setPreferences] = useState(loadPreferences);
  const dark = useMedia("(prefers-color-scheme: dark)");
  const theme = preferences.theme === "auto" ? (dark ? "night" : "day") : preferences.theme;
  // Before map and charts draw: their colours are read from the document.
  document.documentElement.dataset.theme = theme;
  useEffect(() => savePreferences(preferences), [preferences]);
  if (replay.refusal !== null) return <Gate refused={replay.refusal} />;
  return (
    <div class="replay" data-testid="replay">
      <header class="header">
        <a class="brand" href="./">
          wedgetail
        </a>
        <h1 class="replay-title">Replay</h1>
        <p class="time" data-testid="time">
          <b>{clockTime(replay.now, replay.timezone)}</b> <span>{clockTime(replay.now, "UTC")}</span>
        </p>
        <label class="theme">
          <span class="unseen">Colours</span>
          <select
            data-testid="theme"
            value={preferences.theme}
            onChange={(event) => setPreferences({ ...preferences, theme: THEMES.find((one) => one === event.currentTarget.value) ?? "auto" })}
          >
            <option value="auto">Day or night: auto</option>
            <option value="day">Day</option>
            <option value="night">Night</option>
          </select>
        </label>
      </header>
      {replay.problem !== null && (
        <p class="problem banner" role="alert" data-testid="problem">
          {replay.problem}
        </p>
      )}
      <main class="replay-main">
        {/* map, controls, lane, charts */}
        <div class="replay-side">
          {/* alerts, exports; further panels are sections of their own here: <section class="panel" aria-label="..."> */}
        </div>
      </main>
    </div>
  );
}
