import { describe, expect, it } from "vitest";
import { readCoordinates, writeLine } from "../src/drawing/coordinates";
import { check, EMPTY_DRAFT, placed, within, type Draft } from "../src/drawing/draft";
import { localMs, localText } from "../src/drawing/localtime";
import { holds, outlineProblem, present } from "../src/drawing/outline";
import { aircraft } from "./make";

const SYDNEY = "Australia/Sydney";
const NOW = Date.parse("2026-11-23T03:12:04Z"); // 14:12:04 in Sydney

describe("coordinates", () => {
  it.each([
    ["-35.302 149.101", [149.101, -35.302]],
    ["-35.302, 149.101", [149.101, -35.302]],
    ["−35.302;149.101", [149.101, -35.302]],
    ["35.302 S 149.101 E", [149.101, -35.302]],
    ["E149.101 S35.302", [149.101, -35.302]],
    ["35°18.12'S 149°06.06'E", [149.101, -35.302]],
    ["S35 18.12 E149 06.06", [149.101, -35.302]],
    ["-35 18.12 149 6.06", [149.101, -35.302]],
    ["35° 18′ 07.2″ S, 149° 06′ 03.6″ E", [149.101, -35.302]],
    ["351807S 1490604E", [149.101111111, -35.301944444]],
    ["3518S 14906E", [149.1, -35.3]],
    ["40.5N 3.25W", [-3.25, 40.5]],
    ["-0.5 0", [0, -0.5]],
  ])("are read: %s", (line, place) => {
    const { places, problems } = readCoordinates(line);
    expect(problems).toEqual([]);
    expect(places[0]![0]).toBeCloseTo(place[0]!, 8);
    expect(places[0]![1]).toBeCloseTo(place[1]!, 8);
  });

  it.each([
    ["149.1 -35.3", "latitude 149.1 is beyond 90°: latitude comes first"],
    ["-35.3", "one number in it"],
    ["-35.3 149.1 600", "3 numbers in it"],
    ["-35.3 181", "longitude 181 is beyond 180°"],
    ["35 61 S 149 0 E", "61 minutes: 60 are the next whole"],
    ["-35.3 S 149.1 E", "a sign and a letter are one too many"],
    ["35.3 S 149.1 S", "one of N or S and one of E or W is expected"],
    ["Canberra", "'C' is not understood"],
    ["35.5 18 S 149 6 E", "a fraction before the minutes"],
  ])("say what is wrong with %s", (line, said) => {
    const { places, problems } = readCoordinates(`-35.1 149.1\n\n${line}`);
    expect(places.length).toBe(1);
    expect(problems[0]!.line).toBe(3);
    expect(problems[0]!.detail).toContain(said);
  });

  it("drop a last corner that is the first again, and come back from what a click writes", () => {
    expect(readCoordinates("0 0\n0 1\n1 1\n0 0").places.length).toBe(3);
    expect(readCoordinates(writeLine([149.1234567, -35.7654321])).places).toEqual([[149.123457, -35.765432]]);
  });
});

describe("an outline", () => {
  const square: [number, number][] = [[149, -36], [150, -36], [150, -35], [149, -35]];

  it("is refused where the rules would refuse it, by the corners' numbers", () => {
    expect(outlineProblem(square)).toBeNull();
    expect(outlineProblem(square.slice(0, 2))).toContain("three or more");
    expect(outlineProblem([square[0]!, square[2]!, square[1]!, square[3]!])).toBe("the line after corner 1 crosses the one after corner 3: change their order");
    expect(outlineProblem([[0, 0], [1, 0], [2, 0]])).toContain("one line");
    expect(outlineProblem([[0, 0], [0, 0], [2, 0]])).toBe("corners 1 and 2 are the same place");
    expect(outlineProblem([[179, 0], [-179, 0], [-179, 1]])).toContain("longitude 180");
  });

  it("holds what lies in it, and a circle what is no further than its radius", () => {
    expect([holds({ corners: square }, [149.5, -35.5]), holds({ corners: square }, [150.5, -35.5])]).toEqual([true, false]);
    const circle = { centre: [149, -35] as [number, number], radius_m: 1000 };
    expect([holds(circle, [149.0108, -35]), holds(circle, [149.0112, -35]), holds(circle, [149, -35.0089])]).toEqual([true, false, true]);
  });

  it("counts who flies or may, by the heights that can be compared", () => {
    const at = (over: Parameters<typeof aircraft>[0]) => aircraft({ lon: 149.5, lat: -35.5, ...over });
    const fleet = [
      at({ id: "in" }), at({ id: "high", agl_m: 150 }), at({ id: "no height", agl_m: null }), at({ id: "down", airborne: false }),
      at({ id: "perhaps", airborne: null }), at({ id: "over", ended: true }), at({ id: "far", lon: 160 }), at({ id: "lost", lon: null, lat: null }),
    ];
    const found = present(fleet, { corners: square }, null, { m: 120, datum: "AGL" });
    expect(found.inside.map((one) => one.id)).toEqual(["in", "no height", "perhaps"]);
    expect(found.outside.map((one) => one.id)).toEqual(["high", "far"]);
    expect(found.placeless).toBe(1);
  });
});

describe("local times", () => {
  it("are those of the centre's zone, also on the days when it changes", () => {
    expect(localText(NOW, SYDNEY)).toBe("2026-11-23T14:12");
    expect(localMs("2026-11-23T14:12", SYDNEY)).toBe(Date.parse("2026-11-23T03:12:00Z"));
    expect(localMs("2026-10-04T01:59", SYDNEY)).toBe(Date.parse("2026-10-03T15:59:00Z"));
    expect(localMs("2026-10-04T03:00", SYDNEY)).toBe(Date.parse("2026-10-03T16:00:00Z"));
    expect(localMs("2027-04-04T02:30", SYDNEY)).toBe(Date.parse("2027-04-03T15:30:00Z")); // the first of the two
    expect(localMs("", SYDNEY)).toBeNull();
    expect(localMs("2026-11-23T14:12", "Not/AZone")).toBe(Date.parse("2026-11-23T14:12:00Z"));
  });
});

describe("a draft", () => {
  const whole: Draft = { ...EMPTY_DRAFT, name: "Fire", corners: "-36 149\n-36 150\n-35 150\n-35 149", ends: "2026-11-23T15:12" };

  it("is sent as a zone once nothing is wrong", () => {
    expect(check({ ...whole, ceiling: "120", ceilingDatum: "AGL", whose: "a1" }, NOW, SYDNEY).feature).toEqual({
      type: "Feature",
      geometry: { type: "Polygon", coordinates: [[[149, -36], [150, -36], [150, -35], [149, -35], [149, -36]]] },
      properties: {
        name: "Fire", kind: "keep_out", ceiling_m: 120, ceiling_datum: "AGL", valid_from: "2026-11-23T03:12:04.000Z",
        valid_to: "2026-11-23T04:12:00.000Z", aircraft_ids: ["a1"],
      },
    });
    const circle = check({ ...whole, corners: "-36 149", radius: "500" }, NOW, SYDNEY).feature as { geometry: unknown; properties: { radius_m: number } };
    expect([circle.geometry, circle.properties.radius_m]).toEqual([{ type: "Point", coordinates: [149, -36] }, 500]);
  });

  it.each<[Partial<Draft>, string, string]>([
    [{ name: " " }, "name", "1 to 200"],
    [{ ends: "" }, "ends", "When does it end?"],
    [{ ends: "2026-11-23T14:12" }, "ends", "past"],
    [{ corners: "" }, "corners", "Click its corners"],
    [{ corners: "-36 149" }, "corners", "radius for a circle"],
    [{ corners: "-36 149", radius: "far" }, "radius", "1 to 200000"],
    [{ corners: "-36 149\nhere\n-36 150" }, "corners", "Line 2: "],
    [{ ceiling: "120" }, "ceiling", "measured from"],
    [{ floor: "high", floorDatum: "AGL" }, "floor", "Metres"],
    [{ floor: "120", floorDatum: "AGL", ceiling: "120", ceilingDatum: "AGL" }, "ceiling", "not above the floor"],
    [{ ceiling: "0", ceilingDatum: "AGL" }, "ceiling", "not above the ground"],
  ])("says beside the field what is wrong: %o", (part, field, said) => {
    const checked = check({ ...whole, ...part }, NOW, SYDNEY);
    expect(checked.feature).toBeNull();
    expect(checked.problems).toEqual({ [field]: expect.stringContaining(said) });
  });

  it("tells who is inside of those that it is for", () => {
    const fleet = [aircraft({ id: "a1", lon: 149.5, lat: -35.5 }), aircraft({ id: "a2", lon: 149.5, lat: -35.5 })];
    expect(within(whole, check(whole, NOW, SYDNEY), fleet)?.inside.length).toBe(2);
    const own = { ...whole, whose: "a2" };
    expect(within(own, check(own, NOW, SYDNEY), fleet)?.inside.map((one) => one.id)).toEqual(["a2"]);
    expect(within({ ...whole, corners: "" }, check({ ...whole, corners: "" }, NOW, SYDNEY), fleet)).toBeNull();
  });

  it("takes the server's word to its fields", () => {
    const { problems, rest } = placed([
      { field: "properties.ceiling_m", detail: "too high" }, { field: "geometry.coordinates[0]", detail: "not closed" }, { field: "body", detail: "odd" },
    ]);
    expect(problems).toEqual({ ceiling: "too high.", corners: "not closed." });
    expect(rest).toEqual(["body: odd"]);
  });
});
