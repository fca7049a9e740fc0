import { aircraftName } from "../format";
import type { Flown } from "./record";

/** An aircraft as people name it; an unregistered one by its system, and the link that heard it where several did. */
export function whoIs(flown: readonly Flown[], id: string): string {
  const one = flown.find((each) => each.id === id);
  if (one === undefined) return id.slice(0, 8);
  const several = new Set(flown.map((each) => each.link)).size > 1;
  return one.name ?? `${aircraftName(one)}${several ? ` (${one.link_name})` : ""}`;
}
