import { describe, expect, it } from "vitest";
import { arrange, byAttention, ByName, cardLevel, cards, NOT_HEARD } from "../src/order";
import { markOf } from "../src/glyphs";
import { aircraft, alert } from "./make";

const acknowledged = { n: 1, station: "Base", at: "2026-11-23T03:12:10Z" };

describe("the queue", () => {
  it("has unacknowledged first, then breach, lost link, warning, unknown, then the oldest", () => {
    const order = cards([
      alert({ id: "1", aircraft_id: "acknowledged breach", state: "acknowledged", acknowledged }),
      alert({ id: "2", aircraft_id: "unknown", level: "unknown" }),
      alert({ id: "3", aircraft_id: "young warning", level: "warning", start: "2026-11-23T03:12:03Z" }),
      alert({ id: "4", aircraft_id: "old warning", level: "warning", start: "2026-11-23T03:10:00Z" }),
      alert({ id: "5", aircraft_id: "lost", level: "lost" }),
      alert({ id: "6", aircraft_id: "breach" }),
      alert({ id: "7", aircraft_id: "cleared", condition: "cleared", state: "cleared_unacknowledged" }),
    ]).map((card) => card.id);
    expect(order).toEqual(["breach", "lost", "old warning", "young warning", "unknown", "cleared", "acknowledged breach"]);
  });

  it("has of two warnings the one first whose boundary is nearer in time, and what does not come any more after both", () => {
    const warning = (id: string, ahead_s: number | null, guidance_at: string) => alert({ id, aircraft_id: id, level: "warning", ahead_s, guidance_at });
    const order = cards([
      warning("turned away", null, "2026-11-23T03:12:04Z"),
      warning("in 7 s", 8, "2026-11-23T03:12:03Z"),
      warning("in 6 s", 6, "2026-11-23T03:12:04Z"),
      alert({ id: "unknown", aircraft_id: "unknown", level: "unknown", start: "2026-11-23T03:00:00Z" }),
    ]).map((card) => card.id);
    expect(order).toEqual(["in 6 s", "in 7 s", "turned away", "unknown"]);
  });

  it("has one card an aircraft, its worst standing alert on top, however it is acknowledged", () => {
    const [card, ...rest] = cards([
      alert({ id: "w", level: "warning" }),
      alert({ id: "b", state: "acknowledged", acknowledged }),
      alert({ id: "c", condition: "cleared", state: "cleared_unacknowledged" }),
    ]);
    expect(rest).toEqual([]);
    expect(card?.alerts.map((one) => one.id)).toEqual(["b", "w", "c"]);
    expect(card?.unacknowledged).toBe(2);
  });

  it("orders a card by what waits on it, not by what was acknowledged", () => {
    const order = cards([
      alert({ id: "1", aircraft_id: "seen breach, new warning", state: "acknowledged", acknowledged, start: "2026-11-23T03:00:00Z" }),
      alert({ id: "2", aircraft_id: "seen breach, new warning", level: "warning", start: "2026-11-23T03:00:00Z" }),
      alert({ id: "3", aircraft_id: "new breach" }),
    ]).map((card) => card.id);
    expect(order).toEqual(["new breach", "seen breach, new warning"]);
  });

  it("has one card for a link that nobody listens to, and the other alerts of its aircraft on their own", () => {
    const unheard = (id: string, over = {}) => alert({ id, aircraft_id: id, rule: NOT_HEARD, level: "unknown", ...over });
    const found = cards([unheard("a"), unheard("b"), unheard("c", { link_name: "other" }), alert({ id: "x", aircraft_id: "a" })]);
    expect(found.map((card) => [card.id, card.link, card.unacknowledged])).toEqual([["a", null, 1], ["c", null, 1], ["link:field", "field", 2]]);
  });

  it("keeps what is cleared until it is acknowledged, and what is acknowledged until it is cleared", () => {
    const kept = cards([
      alert({ id: "1", aircraft_id: "1", state: "cleared_unacknowledged", condition: "cleared" }),
      alert({ id: "2", aircraft_id: "2", state: "acknowledged", acknowledged }),
      alert({ id: "3", aircraft_id: "3", state: "cleared", condition: "cleared", acknowledged }),
      alert({ id: "4", aircraft_id: "4", imported: true }),
    ]);
    expect(kept.map((card) => card.id)).toEqual(["1", "2"]);
    expect(kept.map(cardLevel)).toEqual(["clear", "breach"]);
  });

  it("keeps its places while frozen, holds new cards back with a count, and leaves a place to what is done", () => {
    const before = cards([alert({ id: "1", aircraft_id: "a", level: "warning" }), alert({ id: "2", aircraft_id: "b", level: "unknown" })]);
    const now = cards([alert({ id: "2", aircraft_id: "b", level: "breach", n: 2 }), alert({ id: "3", aircraft_id: "c" })]);
    const frozen = arrange(now, before);
    expect(frozen.shown.map((card) => card.id)).toEqual(["a", "b"]);
    expect(frozen.shown[1]?.alerts[0]?.level).toBe("breach");
    expect(frozen.held.map((card) => card.id)).toEqual(["c"]);
    expect([...frozen.done]).toEqual(["a"]);
    expect(arrange(now, null).shown).toEqual(now);
  });
});

describe("the fleet", () => {
  it("has those with an unacknowledged alert first, then the worst, then by name with its numbers in order, ended last", () => {
    const fleet = [
      aircraft({ id: "1", name: "Kite 10" }),
      aircraft({ id: "2", name: "Kite 9" }),
      aircraft({ id: "3", name: "Kite 1", ended: true }),
      aircraft({ id: "4", name: "Kite 20", level: "breach" }),
      aircraft({ id: "5", name: "Kite 30", level: "warning" }),
    ];
    const known = new Map(fleet.map((one) => [one.id, one]));
    const names = new ByName();
    const order = (): string[] => byAttention(names.of(known), known, new Set(["5"])).map((one) => one.id);
    expect(order()).toEqual(["5", "4", "2", "1", "3"]);
    known.set("6", aircraft({ id: "6", name: "Albatross" }));
    expect(order()).toEqual(["5", "4", "6", "2", "1", "3"]);
    known.set("1", aircraft({ id: "1", name: "Kite 2" }));
    expect(order()).toEqual(["5", "4", "6", "1", "2", "3"]);
  });

  it("draws a link that was lost in a breach as lost, with the edge of a breach", () => {
    const reasons = [{ alert_id: null, rule: "lost-link", level: "lost" as const, what: "" }];
    expect(markOf(aircraft({ level: "breach", reasons }))).toEqual({ level: "lost", breachEdge: true });
    expect(markOf(aircraft({ level: "breach" }))).toEqual({ level: "breach", breachEdge: false });
  });
});
