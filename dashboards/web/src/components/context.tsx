// What every component may reach: the store, the preferences and the page's own choices (selection, filter).

import { createContext } from "preact";
import { useContext, useEffect, useReducer, useState } from "preact/hooks";
import type { Preferences } from "../preferences";
import type { Alert } from "../protocol";
import type { State } from "../state";
import type { Store } from "../store";
import type { ZoneWork } from "./zonework";

export interface Page {
  store: Store;
  state: State;
  /** Server time, milliseconds since 1970; null before the first message. */
  now: number | null;
  zone: string;
  /** Whether what is shown is live; false greys it. */
  live: boolean;
  preferences: Preferences;
  prefer(change: Partial<Preferences>): void;
  selected: string | null;
  /** Selects an aircraft; with look, the map goes there too (and comes to the front where there are tabs). */
  show(aircraftId: string | null, look: boolean): void;
  /** The aircraft that the map stays with. */
  followed: string | null;
  follow(aircraftId: string | null): void;
  zones: ZoneWork;
  /** Asks for a station name first when there is none. */
  acknowledge(alerts: readonly Alert[]): void;
}

export const PageContext = createContext<Page | null>(null);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === null) throw new Error("a component stands outside of the page");
  return page;
}

/** Draws again with each change: what is urgent at once, all else so often, and at most once a frame of the screen. */
export function useStore(store: Store, everyMs = 0): State {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    let frame = 0;
    let timer = 0;
    let drawnAt = Number.NEGATIVE_INFINITY;
    const stopWaiting = (): void => {
      window.clearTimeout(timer);
      cancelAnimationFrame(frame);
      timer = frame = 0;
    };
    const now = (): void => {
      stopWaiting();
      drawnAt = performance.now();
      draw(undefined);
    };
    const next = (): void => {
      timer = 0;
      frame = requestAnimationFrame(now);
    };
    const stop = store.subscribe((urgent) => {
      if (urgent) return now();
      if (frame !== 0 || timer !== 0) return;
      const wait = drawnAt + everyMs - performance.now();
      if (wait > 0) timer = window.setTimeout(next, wait);
      else next();
    });
    return () => {
      stopWaiting();
      stop();
    };
  }, [store, everyMs]);
  return store.state;
}

/** Draws again every so often, so that ages go on without any message. */
export function useTick(everyMs: number): void {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const timer = window.setInterval(() => draw(undefined), everyMs);
    return () => window.clearInterval(timer);
  }, [everyMs]);
}

export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const changed = (): void => setMatches(media.matches);
    changed();
    media.addEventListener("change", changed);
    return () => media.removeEventListener("change", changed);
  }, [query]);
  return matches;
}
