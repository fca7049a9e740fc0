import { WORD } from "../format";
import { cardLevel, type Card } from "../order";
import { Glyph } from "./glyph";

export type Tab = "map" | "fleet" | "alerts";
const TABS: [Tab, string][] = [
  ["map", "Map"],
  ["fleet", "Fleet"],
  ["alerts", "Alerts"],
];

function Worst({ cards }: { cards: readonly Card[] }) {
  const first = cards[0];
  if (first === undefined) return null;
  return <Glyph mark={{ level: cardLevel(first), breachEdge: false }} blink={first.unacknowledged > 0} />;
}

const waiting = (cards: readonly Card[]): number => cards.reduce((sum, card) => sum + card.unacknowledged, 0);

/** Under 900 px the queue is a drawer: this is its handle, and tells what is in it. */
export function Handle({ cards, open, onToggle }: { cards: readonly Card[]; open: boolean; onToggle(): void }) {
  const count = waiting(cards);
  const first = cards[0];
  return (
    <button type="button" class="handle" aria-expanded={open} data-testid="queue-handle" onClick={onToggle}>
      <Worst cards={cards} />
      <b>{count > 0 ? `${count} unacknowledged` : `${cards.length} alerts`}</b>
      {first !== undefined && <span>worst: {WORD[cardLevel(first)]}</span>}
      <span class="handle-word">{open ? "Close" : "Open"}</span>
    </button>
  );
}

/** Under 500 px map, fleet and alerts are three tabs. */
export function Tabs({ cards, tab, drawing, onTab }: { cards: readonly Card[]; tab: Tab; drawing: boolean; onTab(tab: Tab): void }) {
  const count = waiting(cards);
  return (
    <nav class="tabs" aria-label="Views">
      {TABS.map(([name, title]) => (
        <button key={name} type="button" aria-current={tab === name ? "page" : undefined} data-testid={`tab-${name}`} onClick={() => onTab(name)}>
          {name === "alerts" && <Worst cards={cards} />}
          {name === "fleet" && drawing ? "Zone" : title}
          {name === "alerts" && count > 0 && <b> {count}</b>}
        </button>
      ))}
    </nav>
  );
}
