// Who comes first: one card an aircraft, unacknowledged before all, then the worst, then the soonest, then the oldest.

import { at } from "./clock";
import type { Aircraft, Alert, Level } from "./protocol";

export const RANK: Record<Level, number> = { breach: 0, lost: 1, warning: 2, unknown: 3, clear: 4 };

/** Nobody listens to a link: one fact, told for each of its aircraft, and shown as one card. */
export const NOT_HEARD = "LINK-NOT-HEARD";

export interface Card {
  /** The aircraft's id: a card is an aircraft. For a link that nobody listens to, link: and its name. */
  id: string;
  /** The link, where the card stands for all of its aircraft; else null. */
  link: string | null;
  /** Standing conditions first, the worst first; never empty. */
  alerts: Alert[];
  unacknowledged: number;
}

export const needsAcknowledging = (alert: Alert): boolean =>
  alert.state === "unacknowledged" || alert.state === "cleared_unacknowledged";

export const stands = (alert: Alert): boolean => alert.condition !== "cleared";

/** An alert is on the page until it is acknowledged and cleared; history that was imported never is. */
export const onThePage = (alert: Alert): boolean => alert.state !== "cleared" && !alert.imported;

const began = (alert: Alert): number => at(alert.start) ?? 0;

/** When what it warns of comes, milliseconds since 1970; never, where it warns of nothing that comes. */
export const comes = (alert: Alert): number =>
  alert.ahead_s === null ? Number.POSITIVE_INFINITY : (at(alert.guidance_at) ?? Number.POSITIVE_INFINITY) + alert.ahead_s * 1000;

const sooner = (a: number, b: number): number => (a === b ? 0 : a - b);

export function byUrgency(a: Alert, b: Alert): number {
  return (
    Number(stands(b)) - Number(stands(a)) ||
    RANK[a.level] - RANK[b.level] ||
    Number(needsAcknowledging(b)) - Number(needsAcknowledging(a)) ||
    sooner(comes(a), comes(b)) ||
    began(a) - began(b) ||
    a.id.localeCompare(b.id)
  );
}

/** The worst level that stands on a card; clear when all of it has cleared. */
export const cardLevel = (card: Card): Level => {
  const first = card.alerts[0];
  return first !== undefined && stands(first) ? first.level : "clear";
};

/** What a card is ordered by: the most urgent of what waits to be seen, or of all when nothing waits. */
function pressing(card: Card): { rank: number; comes: number; start: number } {
  const waiting = card.alerts.filter(needsAcknowledging);
  const ranked = (waiting.length > 0 ? waiting : card.alerts).map((alert) => ({
    rank: stands(alert) ? RANK[alert.level] : RANK.clear,
    comes: comes(alert),
    start: began(alert),
  }));
  return ranked.reduce((first, one) => (bySoonest(one, first) < 0 ? one : first));
}

const bySoonest = (a: ReturnType<typeof pressing>, b: ReturnType<typeof pressing>): number =>
  a.rank - b.rank || sooner(a.comes, b.comes) || a.start - b.start;

/**
 * Unacknowledged first, then breach, lost link, warning, unknown (what has cleared stands after all that stands), then
 * the seconds to the boundary, then the oldest.
 */
export function byCard(a: Card, b: Card): number {
  const [first, second] = [pressing(a), pressing(b)];
  return (
    Number(b.unacknowledged > 0) - Number(a.unacknowledged > 0) ||
    bySoonest(first, second) ||
    a.id.localeCompare(b.id)
  );
}

export function cards(alerts: Iterable<Alert>): Card[] {
  const shown = [...alerts].filter(onThePage);
  const unheard = grouped(
    shown.filter((alert) => alert.rule === NOT_HEARD && alert.link_name !== null),
    (alert) => alert.link_name!,
  );
  const together = new Set([...unheard].filter(([, own]) => own.length > 1).map(([link]) => link));
  const cardOf = (alert: Alert): string =>
    alert.rule === NOT_HEARD && together.has(alert.link_name ?? "") ? `link:${alert.link_name}` : alert.aircraft_id;
  return [...grouped(shown, cardOf)]
    .map(([id, own]) => ({
      id,
      link: id.startsWith("link:") ? id.slice("link:".length) : null,
      alerts: own.sort(byUrgency),
      unacknowledged: own.filter(needsAcknowledging).length,
    }))
    .sort(byCard);
}

function grouped(alerts: readonly Alert[], keyOf: (alert: Alert) => string): Map<string, Alert[]> {
  const groups = new Map<string, Alert[]>();
  for (const alert of alerts) {
    const key = keyOf(alert);
    const held = groups.get(key);
    if (held === undefined) groups.set(key, [alert]);
    else held.push(alert);
  }
  return groups;
}

export interface Arranged {
  shown: Card[];
  /** Cards held back because the list is frozen; the worst first. */
  held: Card[];
  /** Ids that were on the frozen list and are done: they keep their place until it thaws. */
  done: Set<string>;
}

/** The cards in the order of a frozen list, or in their own order when it is not frozen (frozen === null). */
export function arrange(current: Card[], frozen: readonly Card[] | null): Arranged {
  if (frozen === null) return { shown: current, held: [], done: new Set() };
  const byId = new Map(current.map((card) => [card.id, card]));
  const kept = new Set(frozen.map((card) => card.id));
  return {
    shown: frozen.map((card) => byId.get(card.id) ?? card),
    held: current.filter((card) => !kept.has(card.id)),
    done: new Set(frozen.filter((card) => !byId.has(card.id)).map((card) => card.id)),
  };
}

/**
 * The fleet by name, remembered: who is there changes seldom, how they fare many times a second, and comparing names as
 * people do costs most.
 */
export class ByName {
  private places: ReadonlyMap<string, string> = new Map();
  private ids: readonly string[] = [];

  of(fleet: ReadonlyMap<string, Aircraft>): readonly string[] {
    let same = fleet.size === this.places.size;
    if (same) {
      for (const [id, aircraft] of fleet) {
        if (this.places.get(id) === named(aircraft)) continue;
        same = false;
        break;
      }
    }
    if (!same) {
      this.places = new Map([...fleet].map(([id, aircraft]) => [id, named(aircraft)]));
      this.ids = [...fleet.values()].sort(byName).map((one) => one.id);
    }
    return this.ids;
  }
}

/** The fleet: those that need someone first, then by name; what has ended last. ids: by name. */
export function byAttention(ids: readonly string[], fleet: ReadonlyMap<string, Aircraft>, unacknowledged: ReadonlySet<string>): Aircraft[] {
  const ranks = LEVELS_RANKED * 2;
  const groups: Aircraft[][] = Array.from({ length: ranks * 2 }, () => []);
  for (const id of ids) {
    const one = fleet.get(id);
    if (one !== undefined) groups[(unacknowledged.has(id) ? 0 : ranks) + RANK[one.level] * 2 + Number(one.ended)]!.push(one);
  }
  return groups.flat();
}

const LEVELS_RANKED = Object.keys(RANK).length;
const collator = new Intl.Collator("en", { numeric: true });

const named = (aircraft: Aircraft): string => aircraft.name ?? aircraft.link_name ?? aircraft.link;

const byName = (a: Aircraft, b: Aircraft): number =>
  collator.compare(named(a), named(b)) || a.system_id - b.system_id || a.id.localeCompare(b.id);
