// The offline base map: where it is, whom it is owed to, and how MapLibre draws it. Grey on grey: it says where, nothing else.

import type { LayerSpecification, SourceSpecification } from "maplibre-gl";
import address from "../../made/basemap.json?url";
import type { Colour } from "./images";

export const CREDIT = "Natural Earth · GeoNames (CC BY 4.0) · airportsdata";
export const FONT = ["sans-serif"];
/** The borders are of a map of 1:50 million: nearer than this they would lie. */
export const BORDERS_UNTIL_ZOOM = 8;

export const basemapUrl = (): string => new URL(address, document.baseURI).href;

export function baseSource(): SourceSpecification {
  return { type: "geojson", data: basemapUrl(), attribution: CREDIT, maxzoom: 14 };
}

export function baseLayers(colour: Colour): LayerSpecification[] {
  const halo = { "text-halo-color": colour("map-ground"), "text-halo-width": 1.5 };
  return [
    { id: "sea", type: "background", paint: { "background-color": colour("map-sea") } },
    { id: "land", type: "fill", source: "base", filter: ["==", ["get", "layer"], "land"], paint: { "fill-color": colour("map-ground") } },
    {
      id: "coast",
      type: "line",
      source: "base",
      filter: ["==", ["get", "layer"], "land"],
      paint: { "line-color": colour("map-coast"), "line-width": 1 },
    },
    {
      id: "borders",
      type: "line",
      source: "base",
      maxzoom: BORDERS_UNTIL_ZOOM,
      filter: ["==", ["get", "layer"], "border"],
      paint: { "line-color": colour("map-coast"), "line-width": 1, "line-dasharray": [5, 3] },
    },
    {
      id: "aerodromes",
      type: "circle",
      source: "base",
      filter: ["all", ["==", ["get", "layer"], "aerodrome"], ["<=", ["get", "zoom"], ["zoom"]]],
      paint: {
        "circle-radius": 3,
        "circle-color": colour("map-ground"),
        "circle-stroke-color": colour("map-place"),
        "circle-stroke-width": 1.5,
      },
    },
    {
      id: "state-names",
      type: "symbol",
      source: "base",
      maxzoom: 6,
      filter: ["==", ["get", "layer"], "state"],
      layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": 12, "text-transform": "uppercase", "text-letter-spacing": 0.1 },
      paint: { "text-color": colour("map-place"), ...halo },
    },
    {
      id: "places",
      type: "symbol",
      source: "base",
      filter: ["all", ["==", ["get", "layer"], "place"], ["<=", ["get", "zoom"], ["zoom"]]],
      layout: {
        "text-field": ["get", "name"],
        "text-font": FONT,
        "text-size": ["step", ["get", "zoom"], 14, 5, 13, 8, 12],
        "text-padding": 8,
        "symbol-sort-key": ["get", "zoom"],
      },
      paint: { "text-color": colour("map-place"), ...halo },
    },
    {
      id: "aerodrome-names",
      type: "symbol",
      source: "base",
      filter: ["all", ["==", ["get", "layer"], "aerodrome"], ["<=", ["get", "zoom"], ["zoom"]]],
      layout: {
        "text-field": ["step", ["zoom"], ["get", "code"], 12, ["concat", ["get", "code"], " ", ["get", "name"]]],
        "text-font": FONT,
        "text-size": 11,
        "text-anchor": "top",
        "text-offset": [0, 0.5],
        "text-padding": 8,
        "symbol-sort-key": ["get", "zoom"],
      },
      paint: { "text-color": colour("map-place"), ...halo },
    },
  ];
}
