import { useEffect, useRef, useState } from "preact/hooks";
import { WORD } from "../format";
import { arrange, cardLevel, type Card } from "../order";
import { AlertCard } from "./card";
import { usePage } from "./context";
import { useFrozen } from "./frozen";
import { Glyph } from "./glyph";
import { LinkCard } from "./linkcard";
import { Station } from "./station";

interface QueueProps {
  cards: Card[];
  /** The alert that waits for a station name. */
  waiting: boolean;
  onStation(name: string): void;
  soundArmed: boolean;
  soundProblem: string | null;
  onSound(): void;
}

export function Queue({ cards, waiting, onStation, soundArmed, soundProblem, onSound }: QueueProps) {
  const { state, live, preferences, prefer } = usePage();
  const list = useRef<HTMLDivElement>(null);
  const frozen = useFrozen(list);
  const [places, setPlaces] = useState<Card[] | null>(null);
  useEffect(() => setPlaces(frozen ? cards : null), [frozen]);
  const { shown, held, done } = arrange(cards, frozen ? places : null);
  const unacknowledged = cards.reduce((sum, card) => sum + card.unacknowledged, 0);

  return (
    <section class="queue" aria-label="Alerts">
      <div class="bar">
        <h2>
          <span class={unacknowledged > 0 ? "unseen" : ""}>Alerts</span>{" "}
          <span data-testid="queue-count" data-unacknowledged={unacknowledged}>
            {unacknowledged > 0 ? `${unacknowledged} unacknowledged` : cards.length > 0 ? `${cards.length} standing` : ""}
          </span>
        </h2>
        <span class="switches">
          <button type="button" class="switch" aria-pressed={soundArmed} data-testid="sound" onClick={onSound}>
            Sound {soundArmed ? "on" : "off"}
          </button>
          <button
            type="button"
            class="switch"
            aria-pressed={preferences.keys}
            data-testid="keys"
            title="A acknowledges, Enter shows and R replays the focused card; arrows go to the next"
            onClick={() => prefer({ keys: !preferences.keys })}
          >
            Keys {preferences.keys ? "on" : "off"}
          </button>
        </span>
      </div>
      {soundProblem !== null && (
        <p class="problem" role="alert">
          {soundProblem}
        </p>
      )}
      <Station waiting={waiting} onStation={onStation} />
      <div class="cards" ref={list} data-testid="queue" data-frozen={frozen}>
        {held.length > 0 && <Held held={held} onThaw={() => setPlaces(cards)} />}
        {shown.map((card) =>
          card.link === null ? (
            <AlertCard key={card.id} card={card} done={done.has(card.id)} />
          ) : (
            <LinkCard key={card.id} card={card} done={done.has(card.id)} />
          ),
        )}
        {shown.length === 0 && held.length === 0 && <Empty known={state.known} live={live} running={state.rules?.running ?? false} />}
      </div>
    </section>
  );
}

function Held({ held, onThaw }: { held: Card[]; onThaw(): void }) {
  const first = held[0];
  if (first === undefined) return null;
  const level = cardLevel(first);
  const waiting = held.some((card) => card.unacknowledged > 0);
  return (
    <button type="button" class={`held held-${level}`} data-testid="held" onClick={onThaw}>
      <Glyph mark={{ level, breachEdge: false }} blink={waiting} />
      {held.length} new above, worst: {WORD[level]}
    </button>
  );
}

function Empty({ known, live, running }: { known: boolean; live: boolean; running: boolean }) {
  if (!known) return <p class="empty">Waiting for the first picture. Whether alerts stand is not known yet.</p>;
  if (!live) {
    return (
      <p class="empty" data-testid="queue-empty">
        No alert stood when the connection was lost: empty does not mean safe. New ones cannot come until it is back.
      </p>
    );
  }
  if (!running) {
    return (
      <p class="empty" data-testid="queue-empty">
        No alert is listed, but the rules are not running: empty does not mean safe. Start the worker (<code>wedgetail worker</code>).
      </p>
    );
  }
  return (
    <p class="empty" data-testid="queue-empty">
      No alert stands and none waits to be seen. New ones come here by themselves.
    </p>
  );
}
