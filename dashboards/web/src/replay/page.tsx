import { useEffect, useState } from "preact/hooks";
import { useMedia } from "../components/context";
import { Gate } from "../components/gate";
import { clockTime } from "../format";
import { loadPreferences, savePreferences, type Theme } from "../preferences";
import { Again } from "./again";
import { AgainLanes } from "./againlanes";
import { Alerts, Gaps } from "./alerts";
import { Charts } from "./charts";
import { Choose } from "./choose";
import { ReplayContext, useReplay } from "./context";
import { Controls } from "./controls";
import { Drop } from "./drop";
import { Exports } from "./exports";
import { Lane } from "./lane";
import { ReplayMap } from "./map";
import { LEFT_PX, RIGHT_PX } from "./plot";
import type { Replay } from "./replay";
import { useAgain } from "./useagain";
import { ZonesThen } from "./zones";

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
  const printing = usePrinting();
  const chosen = preferences.theme === "auto" ? (dark ? "night" : "day") : preferences.theme;
  const theme = printing ? "day" : chosen;
  // Before map and charts draw: their colours are read from the document.
  document.documentElement.dataset.theme = theme;
  useEffect(() => savePreferences(preferences), [preferences]);
  const again = useAgain(replay);
  if (replay.refusal !== null) return <Gate refused={replay.refusal} />;
  const { range, aircraft } = replay.address;
  const opened = range !== null && aircraft.length > 0;
  return (
    <div class="replay" data-testid="replay" data-playing={replay.clock.playing} data-at={Math.round(replay.now)}>
      <header class="header">
        <a class="brand" href="./">
          wedgetail
        </a>
        <h1 class="replay-title">Replay</h1>
        {opened && (
          <p class="time" data-testid="time">
            <b>{clockTime(replay.now, replay.timezone)}</b> <span>{clockTime(replay.now, "UTC")}</span>
          </p>
        )}
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
      <Choose />
      <Drop />
      {opened && (
        <main class="replay-main">
          <div class="stage">
            <ReplayMap theme={theme} />
            <Controls />
            <div class="timeline">
              <Lane />
              <AgainLanes again={again} />
              <Charts theme={theme} />
              <Cursor />
            </div>
            <Remarks />
          </div>
          <aside class="replay-side">
            <Alerts />
            <Gaps />
            <ZonesThen />
            <Again again={again} />
            <Exports />
          </aside>
        </main>
      )}
    </div>
  );
}

/** Paper is white, whatever the hour. */
function usePrinting(): boolean {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    const [before, after] = [() => setPrinting(true), () => setPrinting(false)];
    window.addEventListener("beforeprint", before);
    window.addEventListener("afterprint", after);
    return () => {
      window.removeEventListener("beforeprint", before);
      window.removeEventListener("afterprint", after);
    };
  }, []);
  return printing;
}

/** The one line of now through the lane and all charts. */
function Cursor() {
  const replay = useReplay();
  const [from, to] = replay.shown;
  const share = (replay.now - from) / (to - from);
  if (share < 0 || share > 1) return null;
  return <div class="cursor" style={{ "--share": String(share), "--left": `${LEFT_PX}px`, "--right": `${RIGHT_PX}px` }} aria-hidden="true" />;
}

/** What is not whole, said where it is drawn. */
function Remarks() {
  const replay = useReplay();
  const [done, all] = replay.progress;
  const tracks = [...replay.tracks.values()];
  const [rows, stored] = [tracks.reduce((sum, one) => sum + one.time.length, 0), tracks.reduce((sum, one) => sum + one.stored, 0)];
  return (
    <p class="hint" role="status" data-testid="remarks" data-loaded={all > 0 && done === all} data-samples={stored}>
      {done < all && `Loading samples: ${done} of ${all} parts. `}
      {done === all && stored === 0 && "No sample is stored of these aircraft in this time. "}
      {stored > 0 && rows === stored && `${stored.toLocaleString("en-AU")} samples, every one drawn. `}
      {rows < stored &&
        `Thinned: ${rows.toLocaleString("en-AU")} of ${stored.toLocaleString("en-AU")} samples, with every extreme, alert and gap${replay.whole !== null && replay.whole.tracks.size > 0 ? "; every one around the cursor" : ""}. `}
    </p>
  );
}
