import css from "../src/styles/tokens.css?raw";
import { describe, expect, it } from "vitest";

const block = (start: string): Record<string, string> =>
  Object.fromEntries([...(css.split(start)[1] ?? "").split("}")[0]!.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map((m) => [m[1], m[2]]));
const day = block(":root {");
const night = { ...day, ...block(':root[data-theme="night"] {') };

const channels = (hex: string): number[] =>
  [1, 3, 5].map((from) => Number.parseInt(hex.slice(from, from + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
const luminance = ([r, g, b]: number[]): number => 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
const ratio = (a: number[], b: number[]): number => {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high! + 0.05) / (low! + 0.05);
};

// Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB
const DEFICIENCIES: Record<string, number[][]> = {
  protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritan: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};
const seen = (colour: number[], by: number[][]): number[] => by.map((row) => Math.min(1, Math.max(0, row.reduce((sum, k, i) => sum + k * colour[i]!, 0))));

describe.each([["day", day, 7], ["night", night, 4.5]] as const)("colours by %s", (_name, tokens, text) => {
  const of = (name: string): number[] => channels(tokens[name]!);

  it.each(["ground", "surface", "raised"])("let text be read on %s", (base) => {
    expect(ratio(of("text"), of(base))).toBeGreaterThanOrEqual(text);
    expect(ratio(of("text-muted"), of(base))).toBeGreaterThanOrEqual(text);
  });

  it.each(["breach-soft", "amber-soft"])("let text be read on %s", (base) => {
    expect(ratio(of("text"), of(base))).toBeGreaterThanOrEqual(text);
  });

  it.each([["on-breach", "breach"], ["on-amber", "amber"]])("let %s be read on %s", (front, base) => {
    expect(ratio(of(front), of(base))).toBeGreaterThanOrEqual(text);
  });

  it.each(["breach", "amber-line", "clear", "selected"])("set the mark %s off from the map and from every surface by 3:1", (mark) => {
    for (const base of ["map-ground", "map-halo", "ground", "surface", "raised"]) expect(ratio(of(mark), of(base))).toBeGreaterThanOrEqual(3);
  });

  it.each(Object.entries(DEFICIENCIES))("keep breach and amber apart in lightness for %s eyes", (_kind, matrix) => {
    expect(ratio(seen(of("breach"), matrix), seen(of("amber"), matrix))).toBeGreaterThanOrEqual(1.25);
  });
});
