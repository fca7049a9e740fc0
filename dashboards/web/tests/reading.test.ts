import { describe, expect, it } from "vitest";
import { LONGEST, read, Unreadable } from "../src/reading";
import { aircraft, alert, message, snapshot } from "./make";

const said = (value: unknown): (() => unknown) => () => read(JSON.stringify(value));

describe("what the server sends", () => {
  it("is read as it stands, with members that this page does not know", () => {
    const whole = { ...snapshot([aircraft()], [alert()]), newer: 1 };
    expect(read(JSON.stringify(whole))).toEqual(whole);
    expect(read(JSON.stringify(message({ type: "heartbeat", positions_at: null })))).not.toBeNull();
  });

  it("is passed over when its type is a newer one", () => {
    expect(read('{"type":"weather"}')).toBeNull();
    expect(read('{"type":"toString"}')).toBeNull();
  });

  it("is refused where it is no message, naming what stands there", () => {
    for (const data of ["{", "", "[]", "null", "5", '{"type":7}', new Blob(), new ArrayBuffer(2), "x".repeat(LONGEST + 1)]) {
      expect(() => read(data)).toThrow(Unreadable);
    }
    expect(() => read("<html>")).toThrow('no JSON: "<html>"');
  });

  it("is refused with one wrong value anywhere, naming the place", () => {
    expect(said({ ...snapshot([], []), aircraft: 5 })).toThrow("snapshot.aircraft: 5");
    expect(said({ ...snapshot([], []), server_time: "soon" })).toThrow('snapshot.server_time: "soon"');
    expect(said(snapshot([aircraft(), aircraft({ lat: 95 })], []))).toThrow("snapshot.aircraft[1].lat: 95");
    expect(said(snapshot([aircraft({ level: "purple" as "clear" })], []))).toThrow('snapshot.aircraft[0].level: "purple"');
    expect(said(snapshot([aircraft({ reasons: [{}] as never })], []))).toThrow("snapshot.aircraft[0].reasons[0].alert_id: nothing");
    expect(said(snapshot([], [alert({ acknowledged: true as never })]))).toThrow("snapshot.alerts[0].acknowledged: true");
  });

  it("is no number where JSON writes an endless one", () => {
    const text = JSON.stringify(snapshot([aircraft({ speed_mps: 8.25 })], [])).replace("8.25", "1e999");
    expect(() => read(text)).toThrow("snapshot.aircraft[0].speed_mps");
  });

  it("is a hello of another version as long as its number can be read", () => {
    expect(read('{"type":"hello","protocol":2,"server_time":"2026-11-23T03:12:04Z"}')).not.toBeNull();
    expect(said({ type: "hello", server_time: "2026-11-23T03:12:04Z" })).toThrow(Unreadable);
  });
});
