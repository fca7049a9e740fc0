import { LEAD_MS, NOWHERE, writeAddress, type Address } from "../replay/address";

const RECENT_MS = 900_000;

export const replayHref = (address: Address): string => `./replay${writeAddress(address)}`;

/** What an aircraft did in the last quarter of an hour. */
export const recentAddress = (aircraftId: string, nowMs: number): Address => ({
  ...NOWHERE,
  aircraft: [aircraftId],
  range: [nowMs - RECENT_MS, nowMs],
  at: nowMs - LEAD_MS,
  selected: aircraftId,
});

/** Into a tab of its own, which takes the token along: the dispatcher's page stays where it is. */
export function ReplayLink({ address, id, kbd = false }: { address: Address; id: string; kbd?: boolean }) {
  return (
    <a class="button link-button" href={replayHref(address)} target="_blank" rel="opener" data-testid={`replay-${id}`}>
      Replay {kbd && <kbd>R</kbd>}
    </a>
  );
}

/** The same by key. */
export const openReplay = (address: Address): void => {
  window.open(replayHref(address), "_blank");
};
