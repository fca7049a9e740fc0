// What this person chose on this machine: kept in the browser, never sent, except the station name beside each acknowledgement.

export type Theme = "auto" | "day" | "night";

export interface Preferences {
  station: string;
  theme: Theme;
  keys: boolean;
  /** Layers of the map that are not shown (layers.ts). */
  hidden: string[];
}

const KEY = "wedgetail.preferences";
export const DEFAULTS: Preferences = { station: "", theme: "auto", keys: true, hidden: [] };

/** The kept preferences; whatever in them cannot be read is the default. */
export function readPreferences(text: string | null): Preferences {
  let value: unknown = null;
  try {
    value = text === null ? null : JSON.parse(text);
  } catch {
    return DEFAULTS;
  }
  if (typeof value !== "object" || value === null) return DEFAULTS;
  const kept = value as Partial<Record<keyof Preferences, unknown>>;
  return {
    station: typeof kept.station === "string" ? kept.station : DEFAULTS.station,
    theme: kept.theme === "day" || kept.theme === "night" ? kept.theme : "auto",
    keys: typeof kept.keys === "boolean" ? kept.keys : DEFAULTS.keys,
    hidden: Array.isArray(kept.hidden) ? kept.hidden.filter((one): one is string => typeof one === "string") : DEFAULTS.hidden,
  };
}

export const loadPreferences = (): Preferences => readPreferences(localStorage.getItem(KEY));

export function savePreferences(preferences: Preferences): void {
  localStorage.setItem(KEY, JSON.stringify(preferences));
}

/** Stations are names of 1 to 60 characters; null when there is nothing usable. */
export function stationName(typed: string): string | null {
  const name = typed.trim().replace(/\s+/g, " ").slice(0, 60);
  return name === "" ? null : name;
}
