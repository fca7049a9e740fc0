// Our own style: plain ground, a graticule, zones; the aircraft are drawn above it (overlay.ts). No tiles, no glyph server:
// text is drawn with the system's font (a style without "glyphs").

import type { ExpressionSpecification, StyleSpecification } from "maplibre-gl";
import type { Colour } from "./images";

/** Zones that ask nothing: a thin line, no fill, no name until they are pointed at. */
const QUIET: ExpressionSpecification = ["==", ["get", "kind"], "information"];
const FONT = ["sans-serif"];
export const SOURCES = ["grid", "zones", "zone-labels"] as const;

export function styleOf(colour: Colour): StyleSpecification {
  const text = (token: string, halo: string): object => ({
    "text-color": colour(token),
    "text-halo-color": colour(halo),
    "text-halo-width": 1.5,
  });
  return {
    version: 8,
    transition: { duration: 0, delay: 0 },
    sources: Object.fromEntries(
      SOURCES.map((name) => [name, { type: "geojson", data: { type: "FeatureCollection", features: [] } }]),
    ),
    layers: [
      { id: "ground", type: "background", paint: { "background-color": colour("map-ground") } },
      {
        id: "grid",
        type: "line",
        source: "grid",
        filter: ["==", ["geometry-type"], "LineString"],
        paint: { "line-color": colour("map-grid"), "line-width": 1 },
      },
      {
        id: "zones-fill",
        type: "fill",
        source: "zones",
        // What is only information has no fill, but can be pointed at.
        paint: { "fill-color": colour("map-zone-fill"), "fill-opacity": ["case", QUIET, 0, ["get", "force"], 1, 0.4] },
      },
      {
        id: "zones-hatch",
        type: "fill",
        source: "zones",
        filter: ["all", ["==", ["get", "kind"], "keep_out"], ["get", "force"]],
        paint: { "fill-pattern": "hatch" },
      },
      {
        id: "zones-line",
        type: "line",
        source: "zones",
        filter: ["get", "force"],
        paint: {
          "line-color": ["case", QUIET, colour("map-trail"), colour("map-zone")],
          "line-width": ["case", QUIET, 0.5, 1.5],
        },
      },
      {
        id: "zones-line-later",
        type: "line",
        source: "zones",
        filter: ["!", ["get", "force"]],
        paint: {
          "line-color": ["case", QUIET, colour("map-trail"), colour("map-zone")],
          "line-width": ["case", QUIET, 0.5, 1],
          "line-dasharray": [4, 4],
        },
      },
      {
        id: "zones-hover",
        type: "line",
        source: "zones",
        filter: ["==", ["get", "id"], ""],
        paint: { "line-color": colour("text"), "line-width": 3 },
      },
      {
        id: "grid-labels",
        type: "symbol",
        source: "grid",
        filter: ["==", ["geometry-type"], "Point"],
        layout: {
          "text-field": ["get", "text"],
          "text-font": FONT,
          "text-size": 11,
          "text-anchor": ["get", "anchor"],
          "text-offset": [0.4, -0.2],
        },
        paint: text("text-muted", "map-ground") as Record<string, string>,
      },
      {
        id: "zone-names",
        type: "symbol",
        source: "zone-labels",
        filter: ["!", QUIET],
        layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": 12, "text-anchor": "bottom", "text-offset": [0, -0.3] },
        paint: text("text-muted", "map-ground") as Record<string, string>,
      },
    ],
  };
}
