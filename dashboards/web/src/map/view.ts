// The map: MapLibre, fed with what the page knows. Loaded after the lists, which work without it.

import { type GeoJSONSource, Map as MapLibre, ScaleControl, setWorkerUrl } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import "maplibre-gl/dist/maplibre-gl.css";
import { onBlink } from "../blink";
import type { Aircraft, ZoneFeature } from "../protocol";
import { aircraftFeatures, boxOf, type Box, inForce, zoneBox, zoneFeatures } from "./features";
import { graticule } from "./graticule";
import { colours, drawImages, PIXELS } from "./images";
import { styleOf } from "./style";
import { Trails } from "./trail";

/** Marks move and trails grow at most so often: each drawing places all labels anew, and without a GPU costs 0.1 s. */
const DRAW_MS = 250;
const TRAILS_MS = 1_000;
const TOUCH_PX = 22;
const AUSTRALIA: Box = [112, -44, 154, -10];

export interface Picture {
  fleet: ReadonlyMap<string, Aircraft>;
  nowMs: number | null;
  selected: string | null;
  unacknowledged: ReadonlySet<string>;
  shown: (aircraft: Aircraft) => boolean;
}

export interface ViewHandlers {
  select(aircraftId: string | null): void;
  zone(zoneId: string | null): void;
  /** Aircraft with a position that are outside of what the map shows. */
  outside(aircraftIds: string[]): void;
  /** What the map shows, each time it has moved. */
  moved(view: Box): void;
}

export class MapView {
  private readonly map: MapLibre;
  private readonly trails = new Trails();
  private picture: Picture | null = null;
  private zones: readonly ZoneFeature[] = [];
  /** Which zones were in force when they were drawn. */
  private force = "";
  private ready = false;
  private drawnAt = 0;
  private trailsAt = 0;
  private later = 0;
  private placed = false;
  private bright = true;
  private readonly unblink: () => void;
  private readonly still = matchMedia("(prefers-reduced-motion: reduce)");

  /** Throws when this browser has no WebGL. */
  constructor(
    container: HTMLElement,
    private readonly handlers: ViewHandlers,
  ) {
    setWorkerUrl(workerUrl);
    this.map = new MapLibre({
      container,
      style: styleOf(colours()),
      bounds: AUSTRALIA,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      maxZoom: 19,
      fadeDuration: 0,
      locale: { "Map.Title": "Map of the aircraft and zones" },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new ScaleControl({ unit: "metric", maxWidth: 120 }), "bottom-right");
    this.map.on("style.load", () => this.dressed());
    this.map.on("moveend", () => this.moved());
    this.map.on("click", (event) => this.clicked(event.point.x, event.point.y));
    this.map.on("mousemove", (event) => this.hovered(event.point.x, event.point.y));
    this.map.on("mouseout", () => this.handlers.zone(null));
    this.unblink = onBlink((bright) => this.blink(bright));
  }

  destroy(): void {
    this.unblink();
    window.clearTimeout(this.later);
    this.map.remove();
  }

  /** Colours again from the tokens (day and night). */
  dress(): void {
    this.ready = false;
    this.map.setStyle(styleOf(colours()), { diff: false });
  }

  draw(picture: Picture): void {
    const same = this.picture?.selected === picture.selected && this.picture.shown === picture.shown;
    this.picture = picture;
    this.trails.heard(picture.fleet.values());
    const wait = same ? this.drawnAt + DRAW_MS - performance.now() : 0;
    if (wait <= 0) this.redraw();
    else if (this.later === 0) this.later = window.setTimeout(() => this.redraw(), wait);
  }

  private redraw(): void {
    window.clearTimeout(this.later);
    this.later = 0;
    const picture = this.picture;
    if (!this.ready || picture === null) return;
    this.drawnAt = performance.now();
    if (picture.nowMs !== null) this.trails.trim(picture.nowMs, new Set(picture.fleet.keys()));
    const { fleet, nowMs, selected, unacknowledged, shown } = picture;
    this.source("aircraft")?.setData(aircraftFeatures(fleet.values(), nowMs, selected, unacknowledged, shown));
    if (this.drawnAt - this.trailsAt >= TRAILS_MS) this.redrawTrails();
    if (this.forceOf(nowMs) !== this.force) this.drawZones(this.zones);
    if (!this.placed && this.fit(0)) {
      this.placed = true;
      this.moved();
    }
    this.countOutside();
  }

  private redrawTrails(): void {
    this.trailsAt = this.drawnAt;
    this.source("trails")?.setData({
      type: "FeatureCollection",
      features: [...this.trails.lines()].map(([id, coordinates]) => ({
        type: "Feature",
        geometry: { type: "MultiLineString", coordinates },
        properties: { id },
      })),
    });
  }

  drawZones(zones: readonly ZoneFeature[]): void {
    this.zones = zones;
    if (!this.ready) return;
    const nowMs = this.picture?.nowMs ?? null;
    this.force = this.forceOf(nowMs);
    const { areas, labels } = zoneFeatures(zones, nowMs);
    this.source("zones")?.setData(areas);
    this.source("zone-labels")?.setData(labels);
  }

  private forceOf(nowMs: number | null): string {
    return this.zones.map((zone) => Number(inForce(zone, nowMs))).join("");
  }

  highlight(zoneId: string | null): void {
    if (this.ready) this.map.setFilter("zones-hover", ["==", ["get", "id"], zoneId ?? ""]);
  }

  lookAt(aircraft: Aircraft): void {
    if (aircraft.lon === null || aircraft.lat === null) return;
    this.map.easeTo({ center: [aircraft.lon, aircraft.lat], zoom: Math.max(this.map.getZoom(), 13), duration: this.pace() });
  }

  lookAtZone(zoneId: string): void {
    const zone = this.zones.find((one) => one.id === zoneId);
    const box = zone === undefined ? null : zoneBox(zone);
    if (box !== null) this.map.fitBounds(box, { padding: 48, duration: this.pace() });
  }

  /** All aircraft in view, or the zones while there is none; false when it was not aircraft. */
  fit(duration = this.pace()): boolean {
    const fleet = [...(this.picture?.fleet.values() ?? [])];
    const places = fleet.filter((one) => one.lon !== null && one.lat !== null && !one.ended).map((one) => [one.lon!, one.lat!]);
    const zones = this.zones.map(zoneBox).filter((one) => one !== null);
    const box = boxOf(places) ?? boxOf(zones.flatMap(([west, south, east, north]) => [[west, south], [east, north]]));
    if (box !== null) this.map.fitBounds(box, { padding: { top: 56, bottom: 56, left: 48, right: 96 }, maxZoom: 15, duration });
    return places.length > 0;
  }

  zoom(by: 1 | -1): void {
    this.map.easeTo({ zoom: this.map.getZoom() + by, duration: this.pace() });
  }

  private pace(): number {
    return this.still.matches ? 0 : 300;
  }

  private source(name: string): GeoJSONSource | undefined {
    return this.map.getSource<GeoJSONSource>(name);
  }

  private dressed(): void {
    for (const { name, image } of drawImages(colours())) {
      if (this.map.hasImage(name)) this.map.removeImage(name);
      this.map.addImage(name, image, { pixelRatio: PIXELS });
    }
    this.ready = true;
    this.trailsAt = 0;
    this.moved();
    this.drawZones(this.zones);
    this.redraw();
  }

  private moved(): void {
    if (!this.ready) return;
    const bounds = this.map.getBounds();
    const view: Box = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
    this.source("grid")?.setData(graticule(view));
    if (this.placed) this.handlers.moved(view);
    this.countOutside();
  }

  private countOutside(): void {
    const bounds = this.map.getBounds();
    const fleet = [...(this.picture?.fleet.values() ?? [])];
    this.handlers.outside(
      fleet.filter((one) => one.lon !== null && one.lat !== null && !one.ended && !bounds.contains([one.lon, one.lat])).map((one) => one.id),
    );
  }

  private blink(bright: boolean): void {
    const now = bright || (this.picture?.unacknowledged.size ?? 0) === 0;
    if (!this.ready || now === this.bright) return;
    this.bright = now;
    this.map.setPaintProperty("aircraft", "icon-opacity", ["case", ["get", "waits"], now ? 1 : 0.35, ["get", "dim"], 0.35, 1]);
  }

  private idAt(x: number, y: number, layer: string, reach: number): string | null {
    if (!this.ready) return null;
    const found = this.map.queryRenderedFeatures([[x - reach, y - reach], [x + reach, y + reach]], { layers: [layer] });
    const id: unknown = found[0]?.properties?.id;
    return typeof id === "string" ? id : null;
  }

  private clicked(x: number, y: number): void {
    const aircraft = this.idAt(x, y, "aircraft", 4) ?? this.idAt(x, y, "aircraft", TOUCH_PX);
    this.handlers.select(aircraft);
    this.handlers.zone(aircraft === null ? this.idAt(x, y, "zones-fill", 0) : null);
  }

  private hovered(x: number, y: number): void {
    const aircraft = this.idAt(x, y, "aircraft", 8);
    this.map.getCanvas().style.cursor = aircraft === null ? "" : "pointer";
    this.handlers.zone(aircraft === null ? this.idAt(x, y, "zones-fill", 0) : null);
  }
}
