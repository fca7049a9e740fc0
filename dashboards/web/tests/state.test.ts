import { describe, expect, it } from "vitest";
import type { ServerMessage } from "../src/protocol";
import { counts, EMPTY, news, passes, reduce, type State } from "../src/state";
import { aircraft, alert, message, snapshot } from "./make";

const after = (state: State, ...messages: ServerMessage[]): State =>
  messages.reduce((held, one) => reduce(held, { type: "message", message: one }), state);
const event = (over: Parameters<typeof alert>[0]): ServerMessage => message({ type: "alert", subscription: "main", alert: alert(over) });

describe("the state of the page", () => {
  it("replaces everything by a snapshot, and asks for the zones again", () => {
    const first = after(EMPTY, snapshot([aircraft({ id: "old" })], [alert({ id: "old" })]));
    const second = after(first, snapshot([aircraft({ id: "new" })], []));
    expect([...second.aircraft.keys()]).toEqual(["new"]);
    expect(second.alerts.size).toBe(0);
    expect(second.zonesAsked).toBe(2);
    expect(second.phase).toBe("live");
  });

  it("keeps the latest state of each aircraft and forgets those that are gone", () => {
    const state = after(
      EMPTY,
      snapshot([aircraft({ id: "a" }), aircraft({ id: "b" })], []),
      message({ type: "changes", subscription: "main", aircraft: [aircraft({ id: "a", speed_mps: 3 })], gone: ["b"] }),
    );
    expect([...state.aircraft.values()].map((one) => [one.id, one.speed_mps])).toEqual([["a", 3]]);
  });

  it("ignores an event whose n is below the one it has", () => {
    const state = after(EMPTY, snapshot([], [alert({ n: 3, level: "breach" })]), event({ n: 2, level: "warning" }));
    expect(state.alerts.get("x1")?.level).toBe("breach");
  });

  it("does not take an acknowledgement back when the same event comes again without it", () => {
    const acknowledged = { n: 1, station: "Base", at: "2026-11-23T03:12:10Z" };
    const state = after(EMPTY, snapshot([], []), event({ state: "acknowledged", acknowledged }), event({}));
    expect(state.alerts.get("x1")?.acknowledged).toEqual(acknowledged);
  });

  it("moves guidance forward only, and not on what has cleared", () => {
    const guide = (guidance_at: string, what: string): ServerMessage =>
      message({ type: "guidance", subscription: "main", alerts: [{ id: "x1", what, way_back: null, beyond_m: 1, ahead_s: null, guidance_at }] });
    const start = after(EMPTY, snapshot([], [alert({ guidance_at: "2026-11-23T03:12:05Z" })]));
    expect(after(start, guide("2026-11-23T03:12:04Z", "older")).alerts.get("x1")?.what).toBe("12 m outside");
    expect(after(start, guide("2026-11-23T03:12:06Z", "newer")).alerts.get("x1")?.what).toBe("newer");
    const cleared = after(start, event({ n: 2, condition: "cleared", state: "cleared_unacknowledged" }));
    expect(after(cleared, guide("2026-11-23T03:12:09Z", "late")).alerts.get("x1")?.what).toBe("12 m outside");
  });

  it("takes the newest receive time of the samples that it has for the age of the positions, whatever the server has", () => {
    const state = after(
      EMPTY,
      snapshot([aircraft({ event_time: "2026-11-23T03:12:04Z" }), aircraft({ id: "b", event_time: "2026-11-23T03:11:00Z" })], []),
      message({ type: "heartbeat", positions_at: "2026-11-23T03:12:09Z" }),
    );
    expect(state.positionsAt).toBe("2026-11-23T03:12:04Z");
  });

  it("drops a request only when the server says that the alert is acknowledged up to its n", () => {
    const request = { requestId: "r", n: 1, status: "accepted", problem: null } as const;
    const start = reduce(after(EMPTY, snapshot([], [alert()])), { type: "request", alertId: "x1", request });
    expect(after(start, message({ type: "heartbeat", positions_at: null })).requests.size).toBe(1);
    expect(after(start, event({ state: "acknowledged", acknowledged: { n: 1, station: "s", at: "t" } })).requests.size).toBe(0);
    expect(after(start, event({ n: 2, condition: "worsened" })).requests.size).toBe(0);
  });

});

describe("what is announced and sounded", () => {
  const known = after(EMPTY, snapshot([], [alert({ id: "known" })]));

  it("is not the first picture of a page that has just opened", () => expect(news(EMPTY, known)).toEqual([]));

  it("is each raised or worsened alert once, not its guidance or its acknowledgement", () => {
    const raised = after(known, event({ id: "x2" }));
    expect(news(known, raised).map((one) => one.id)).toEqual(["x2"]);
    const acknowledged = after(raised, event({ id: "x2", state: "acknowledged", acknowledged: { n: 1, station: "s", at: "t" } }));
    expect(news(raised, acknowledged)).toEqual([]);
    const worse = after(acknowledged, event({ id: "x2", n: 2, condition: "worsened" }));
    expect(news(acknowledged, worse).map((one) => one.n)).toEqual([2]);
  });

  it("includes what happened while the connection was lost", () => {
    const back = after(known, snapshot([], [alert({ id: "known" }), alert({ id: "missed" })]));
    expect(news(known, back).map((one) => one.id)).toEqual(["missed"]);
  });

  it("is never imported history, nor a clearing", () => {
    expect(news(known, after(known, event({ id: "i", imported: true })))).toEqual([]);
    expect(news(known, after(known, event({ id: "known", n: 2, condition: "cleared", state: "cleared_unacknowledged" })))).toEqual([]);
  });
});

describe("counts and filters", () => {
  const both = aircraft({ level: "breach", reasons: [{ alert_id: null, rule: "lost-link", level: "lost", what: "" }] });

  it("count an aircraft that lost its link in a breach under both", () => {
    expect(counts([both, aircraft({ airborne: false }), aircraft({ level: "unknown" })])).toEqual({
      flying: 2, breach: 1, lost: 1, warning: 0, unknown: 1,
    });
  });

  it("never hide who has an unacknowledged alert", () => {
    expect(passes(aircraft(), "breach", "zzz", true)).toBe(true);
    expect(passes(aircraft(), "breach", "", false)).toBe(false);
    expect(passes(both, "lost", "kite", false)).toBe(true);
  });

  it("do not count what has landed for good as flying", () => expect(counts([aircraft({ ended: true })]).flying).toBe(0));
});
