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

/**
 * Draws again with each change: what is urgent at once, all else at most once a frame of the screen; or, where somebody
 * draws again every so often anyway (useTick), only what is urgent.
 */
export function useStore(store: Store, which: "all" | "urgent" = "all"): State {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    let frame = 0;
    const now = (): void => {
      cancelAnimationFrame(frame);
      frame = 0;
      draw(undefined);
    };
    const stop = store.subscribe((urgent) => {
      if (urgent) now();
      else if (which === "all" && frame === 0) frame = requestAnimationFrame(now);
    });
    return () => {
      cancelAnimationFrame(frame);
      stop();
    };
  }, [store, which]);
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
