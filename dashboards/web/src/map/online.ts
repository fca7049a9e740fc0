// The online base map of the settings: fetched before it replaces the offline one, so that an unreachable one replaces nothing.

import type { StyleSpecification } from "maplibre-gl";

const PATIENCE_MS = 8_000;
export const AGAIN_MS = 30_000;

/** A MapLibre style. Rejects with words for a person. */
export async function fetchStyle(address: string): Promise<StyleSpecification> {
  let response: Response;
  try {
    response = await fetch(address, { signal: AbortSignal.timeout(PATIENCE_MS), credentials: "omit" });
  } catch (error) {
    throw new Error(error instanceof DOMException && error.name === "TimeoutError" ? `no answer in ${PATIENCE_MS / 1000} s` : "no connection");
  }
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const style: unknown = await response.json().catch(() => null);
  if (!isStyle(style)) throw new Error("what the server sent is no MapLibre style");
  return style;
}

export function isStyle(value: unknown): value is StyleSpecification {
  if (typeof value !== "object" || value === null) return false;
  const { version, sources, layers } = value as Record<string, unknown>;
  return version === 8 && typeof sources === "object" && sources !== null && Array.isArray(layers);
}

/** Whether a failure says that the online map is away, and not that it has nothing at one place. */
export function isAway(error: unknown): boolean {
  const status: unknown = (error as { status?: unknown } | null)?.status;
  return typeof status === "number" ? status === 0 || status >= 500 || status === 401 || status === 403 || status === 429 : error instanceof TypeError;
}

export const unreachable = (address: string, why: string): string =>
  `The online map (${hostOf(address)}) cannot be used: ${why}. The offline map is shown; it is tried again every ${AGAIN_MS / 1000} s.`;

function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : address;
}
