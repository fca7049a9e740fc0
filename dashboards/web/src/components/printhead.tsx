import { momentTime, WORD } from "../format";
import { counts } from "../state";
import type { Card } from "../order";
import { usePage } from "./context";

/** On paper, where nothing goes on: of when this is, and what stands. On the screen it is not there. */
export function PrintHead({ cards }: { cards: readonly Card[] }) {
  const { state, now, zone } = usePage();
  const found = counts(state.aircraft.values());
  const unacknowledged = cards.reduce((sum, card) => sum + card.unacknowledged, 0);
  return (
    <section class="print-head" aria-hidden="true">
      <h1>Dispatch report{state.hello === null ? "" : `, ${state.hello.operator.title}`}</h1>
      <p>
        As of {momentTime(now, null, zone)}. {state.aircraft.size} aircraft known, {found.flying} flying;{" "}
        {(["breach", "lost", "warning", "unknown"] as const).map((level) => `${found[level]} ${WORD[level].toLowerCase()}`).join(", ")}.{" "}
        {cards.length} on the list of alerts, {unacknowledged} unacknowledged. {state.rules?.running === true ? "Rules running." : "RULES NOT RUNNING: clear means nothing."}
      </p>
    </section>
  );
}
