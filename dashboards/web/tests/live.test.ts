import { describe, expect, it } from "vitest";
import { ServerClock } from "../src/clock";
import { backoffMs, patienceMs } from "../src/live";

describe("coming back", () => {
  const draws = Array.from({ length: 1_000 }, (_, at) => (at + 0.5) / 1_000);
  const waits = (attempt: number): number[] => draws.map((random) => backoffMs(attempt, random));
  const mean = (numbers: number[]): number => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

  it("takes twice as long with each attempt, and 5 s at most", () => {
    expect([0, 1, 2, 3, 4, 5, 20].map((attempt) => backoffMs(attempt, 0))).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
    expect([0, 1, 2, 3, 4].map((attempt) => Math.round(mean(waits(attempt))))).toEqual([188, 375, 750, 1500, 3000]);
  });

  it("is spread evenly over the second half of each wait, so that a hundred pages do not come as one", () => {
    for (const attempt of [0, 3, 9]) {
      const full = backoffMs(attempt, 0);
      const tenths = new Array<number>(10).fill(0);
      for (const wait of waits(attempt)) tenths[Math.floor((wait / full - 0.5) * 20)]! += 1;
      expect(tenths).toEqual(new Array(10).fill(100));
    }
  });

  it("waits longer for a first picture each time, because a slow line brings a large one late", () => {
    expect([0, 1, 2, 3, 30].map(patienceMs)).toEqual([3_000, 6_000, 12_000, 12_000, 12_000]);
  });
});

describe("the server's clock", () => {
  const heard = (clock: ServerClock, seconds: number, lateMs: number): void => clock.heard(1_000_000 + seconds * 1000 - lateMs, seconds * 1000);

  it("shows old data as old when messages are held up on their way, however long that goes on", () => {
    const clock = new ServerClock();
    for (let second = 0; second < 10; second += 1) heard(clock, second, 0);
    for (let second = 10; second < 3_600; second += 1) heard(clock, second, 5_000);
    expect(clock.now(3_600_000)).toBeGreaterThan(1_000_000 + 3_600_000 - 2_000);
    expect(clock.waited(1_000_000 + 3_600_000 - 5_000, 3_600_000)).toBeGreaterThan(3_000);
  });

  it("follows a crystal that runs at another rate", () => {
    const clock = new ServerClock();
    const slow = 1 - 50e-6; // the server's, beside the page's
    for (let second = 0; second < 36_000; second += 1) clock.heard(1_000_000 + second * 1000 * slow, second * 1000);
    expect(Math.abs(clock.now(36_000_000)! - (1_000_000 + 36_000_000 * slow))).toBeLessThan(10);
  });

  it("follows a clock that was set forward, or a machine that slept, with the next message", () => {
    const clock = new ServerClock();
    clock.heard(1_000_000, 0);
    clock.heard(1_061_000, 1_000);
    expect(clock.now(1_000)).toBe(1_061_000);
  });

  it("takes a clock for set back only when it hears what it asked for itself", () => {
    const clock = new ServerClock();
    clock.heard(1_000_000, 0);
    clock.heard(941_000, 1_000);
    expect(Math.round(clock.now(1_000)!)).toBe(1_001_000);
    expect(clock.waited(941_000, 1_000)).toBeGreaterThan(10_000);
    clock.heard(942_000, 2_050, 2_000);
    expect(clock.now(2_050)).toBe(942_000);
  });
});
