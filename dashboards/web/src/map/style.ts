// What MapLibre draws below the aircraft (overlay.ts): the base map, offline or somebody's online one, and on it a graticule
// and the zones. Offline there are no tiles and no glyph server: text is drawn with the system's font (a style without
// "glyphs").

import type { ExpressionSpecification, LayerSpecification, SourceSpecification, StyleSpecification } from "maplibre-gl";
import { baseLayers, baseSource, FONT } from "./basemap";
import type { Colour } from "./images";

/** Zones that ask nothing: a thin line, no fill, no name until they are pointed at. */
const QUIET: ExpressionSpecification = ["==", ["get", "kind"], "information"];
const OWN = ["grid", "zones", "zone-labels"] as const;

/** online: the style of the settings, already fetched; null: the offline base map. */
export function styleOf(colour: Colour, online: StyleSpecification | null): StyleSpecification {
  const own: Record<string, SourceSpecification> = Object.fromEntries(
    OWN.map((name) => [`wedgetail-${name}`, { type: "geojson", data: { type: "FeatureCollection", features: [] } }]),
  );
  if (online === null) {
    return {
      version: 8,
      transition: { duration: 0, delay: 0 },
      sources: { base: baseSource(), ...own },
      layers: [...baseLayers(colour), ...gridLayers(colour), ...zoneLayers(colour, FONT)],
    };
  }
  return { ...online, sources: { ...online.sources, ...own }, layers: [...online.layers, ...zoneLayers(colour, fontOf(online))] };
}

/** A font that the style's own server has: it is asked for ours too. */
function fontOf(style: StyleSpecification): string[] {
  if (style.glyphs === undefined) return FONT;
  for (const layer of style.layers) {
    const font: unknown = layer.type === "symbol" ? layer.layout?.["text-font"] : undefined;
    if (Array.isArray(font) && font.every((name) => typeof name === "string")) return font;
  }
  return FONT;
}

const text = (colour: Colour): { "text-color": string; "text-halo-color": string; "text-halo-width": number } => ({
  "text-color": colour("text-muted"),
  "text-halo-color": colour("map-ground"),
  "text-halo-width": 1.5,
});

const gridLayers = (colour: Colour): LayerSpecification[] => [
  {
    id: "wedgetail-grid",
    type: "line",
    source: "wedgetail-grid",
    filter: ["==", ["geometry-type"], "LineString"],
    paint: { "line-color": colour("map-grid"), "line-width": 1 },
  },
  {
    id: "wedgetail-grid-labels",
    type: "symbol",
    source: "wedgetail-grid",
    filter: ["==", ["geometry-type"], "Point"],
    layout: {
      "text-field": ["get", "text"],
      "text-font": FONT,
      "text-size": 11,
      "text-anchor": ["get", "anchor"],
      "text-offset": [0.4, -0.2],
    },
    paint: text(colour),
  },
];

const zoneLayers = (colour: Colour, font: string[]): LayerSpecification[] => [
  {
    id: "wedgetail-zones-fill",
    type: "fill",
    source: "wedgetail-zones",
    // What is only information has no fill, but can be pointed at.
    paint: { "fill-color": colour("map-zone-fill"), "fill-opacity": ["case", QUIET, 0, ["get", "force"], 1, 0.4] },
  },
  {
    id: "wedgetail-zones-hatch",
    type: "fill",
    source: "wedgetail-zones",
    filter: ["all", ["==", ["get", "kind"], "keep_out"], ["get", "force"]],
    paint: { "fill-pattern": "hatch" },
  },
  {
    id: "wedgetail-zones-line",
    type: "line",
    source: "wedgetail-zones",
    filter: ["get", "force"],
    paint: {
      "line-color": ["case", QUIET, colour("map-trail"), colour("map-zone")],
      "line-width": ["case", QUIET, 0.5, 1.5],
    },
  },
  {
    id: "wedgetail-zones-line-later",
    type: "line",
    source: "wedgetail-zones",
    filter: ["!", ["get", "force"]],
    paint: {
      "line-color": ["case", QUIET, colour("map-trail"), colour("map-zone")],
      "line-width": ["case", QUIET, 0.5, 1],
      "line-dasharray": [4, 4],
    },
  },
  {
    id: "wedgetail-zones-hover",
    type: "line",
    source: "wedgetail-zones",
    filter: ["==", ["get", "id"], ""],
    paint: { "line-color": colour("text"), "line-width": 3 },
  },
  {
    id: "wedgetail-zone-names",
    type: "symbol",
    source: "wedgetail-zone-labels",
    filter: ["!", QUIET],
    layout: { "text-field": ["get", "name"], "text-font": font, "text-size": 12, "text-anchor": "bottom", "text-offset": [0, -0.3] },
    paint: text(colour),
  },
];
