// A map for any page: the ground, the zones and the aircraft, whichever way this browser can draw them. It knows no store:
//
//   const map = await openSurface(element, handlers);
//   map.showZones(zones, nowMs);          // those to be seen at that moment
//   map.show(crafts, trails);             // as often as wanted: drawn once a frame of the screen
//   map.dress();                          // after the theme changed
//   map.setMarks(marks);                  // which layers are drawn
//   map.sketch({ places, outline });      // a zone being drawn: clicks are its corners; null: no more
//   map.fit(boxOf(places)); map.lookAt(lon, lat); map.destroy();

import type { MultiPolygon, Polygon } from "geojson";
import { onBlink } from "../blink";
import type { Place as LonLat } from "../drawing/coordinates";
import type { Marks } from "../layers";
import type { ZoneFeature } from "../protocol";
import type { Craft } from "./craft";
import { type Box, inForce, zoneBox, zoneFeatures } from "./features";
import { type Ground, type GroundHandlers, hasWebGL, type Padding } from "./ground";
import { colours } from "./images";
import { type Camera, placeAt, unproject } from "./mercator";
import { Overlay } from "./overlay";
import type { Sketch } from "./sketch";
import type { Trail } from "./trail";

/** What lies on the map: buttons to the upper right; notes, the scale and the credits below. */
const PADDING: Padding = { top: 56, bottom: 56, left: 48, right: 96 };
const INSET = { top: 34, right: 80, bottom: 128, left: 34 };
const NEAR_ZOOM = 13;
const FIT_ZOOM = 15;
const HOVER_PX = 8;

export interface SurfaceHandlers {
  /** An aircraft was pressed, or (null) the map beside all. */
  select(aircraftId: string | null): void;
  /** The zones under the pointer, the topmost first; none any more. pressed: it was no mere passing over. */
  zones(zoneIds: readonly string[], pressed: boolean): void;
  /** A corner of the zone that is being drawn. */
  corner?(place: LonLat): void;
  /** What is in view, each time that it has moved. */
  moved(view: Box): void;
  /** Something that a person should know of the map, as a sentence; null: no more. */
  notice(text: string | null): void;
}

export class MapSurface {
  private readonly overlay: Overlay;
  private readonly ground: Ground;
  private readonly unblink: () => void;
  private readonly resizing: ResizeObserver;
  private readonly still = matchMedia("(prefers-reduced-motion: reduce)");
  private crafts: readonly Craft[] = [];
  private zones: readonly ZoneFeature[] = [];
  /** Which zones were in force when they were drawn. */
  private force = "";
  private nowMs: number | null = null;
  private frame = 0;

  constructor(
    container: HTMLElement,
    private readonly handlers: SurfaceHandlers,
    groundOf: (container: HTMLElement, handlers: GroundHandlers) => Ground,
  ) {
    const below = document.createElement("div");
    below.className = "map-ground";
    container.append(below);
    this.overlay = new Overlay(container, INSET);
    this.overlay.dress(colours());
    this.ground = groundOf(below, {
      drawn: () => this.draw(),
      moved: () => handlers.moved(this.ground.view()),
      click: (x, y) => this.clicked(x, y),
      hover: (x, y) => this.hovered(x, y),
      left: () => handlers.zones([], false),
      notice: (text) => handlers.notice(text),
    });
    // Two corners in quick succession are no wish to come nearer.
    container.addEventListener("dblclick", (event) => this.overlay.sketch !== null && event.stopPropagation(), true);
    this.resizing = new ResizeObserver(() => this.later());
    this.resizing.observe(container);
    this.unblink = onBlink((bright) => {
      this.overlay.blink(bright);
      if (this.overlay.waiting) this.later();
    });
  }

  destroy(): void {
    this.unblink();
    this.resizing.disconnect();
    cancelAnimationFrame(this.frame);
    this.ground.destroy();
    this.overlay.destroy();
  }

  /** The aircraft, and the ways that they came. Both are kept, not copied. */
  show(crafts: readonly Craft[], trails: Iterable<Trail>): void {
    this.crafts = crafts;
    this.overlay.show(crafts, trails);
    this.later();
  }

  /** nowMs: the moment whose zones are shown, as in force or not. The same zones at another moment cost next to nothing. */
  showZones(zones: readonly ZoneFeature[], nowMs: number | null): void {
    const force = zones.map((zone) => Number(inForce(zone, nowMs))).join("");
    if (zones === this.zones && force === this.force) return;
    this.zones = zones;
    this.force = force;
    this.nowMs = nowMs;
    this.layZones();
  }

  private layZones(): void {
    const { areas, labels } = zoneFeatures(this.zones, this.nowMs);
    this.ground.zones(areas, this.overlay.marks.zoneNames ? labels : { type: "FeatureCollection", features: [] });
  }

  highlight(zoneIds: readonly string[]): void {
    this.ground.highlight(zoneIds);
  }

  setMarks(marks: Marks): void {
    this.overlay.marks = marks;
    this.layZones();
    this.later();
  }

  /** Areas that belong to what is selected. */
  showAreas(areas: readonly (Polygon | MultiPolygon)[]): void {
    this.overlay.areas = areas;
    this.later();
  }

  /** While there is one, presses are corners and nothing else. */
  sketch(sketch: Sketch | null): void {
    this.overlay.sketch = sketch;
    this.later();
  }

  /** Colours again from the tokens (day and night). */
  dress(): void {
    this.overlay.dress(colours());
    this.ground.dress();
    this.later();
  }

  /** The address of an online MapLibre style, or null: the offline base map. */
  baseMap(address: string | null): void {
    this.ground.baseMap(address);
  }

  get camera(): Camera {
    return this.ground.camera();
  }

  get view(): Box {
    return this.ground.view();
  }

  /** At once, as near or far as it is. */
  centre(lon: number, lat: number): void {
    this.ground.goTo(lon, lat, 0, 0);
  }

  lookAt(lon: number, lat: number): void {
    this.ground.goTo(lon, lat, NEAR_ZOOM, this.pace());
  }

  /** Exactly so, as an address says it; on a map that has just been opened. */
  place(lon: number, lat: number, zoom: number): void {
    this.ground.goTo(lon, lat, zoom, 0);
  }

  lookAtZone(zoneId: string): void {
    const zone = this.zones.find((one) => one.id === zoneId);
    const box = zone === undefined ? null : zoneBox(zone);
    if (box !== null) this.fit(box);
  }

  fit(box: Box, duration = this.pace()): void {
    this.ground.fit(box, PADDING, FIT_ZOOM, duration);
  }

  zoom(steps: number, duration = this.pace()): void {
    this.ground.zoomBy(steps, duration);
  }

  private pace(): number {
    return this.still.matches ? 0 : 300;
  }

  /** With the next frame of the screen, however often it is asked for. */
  private later(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.overlay.draw(this.ground.camera());
  }

  private clicked(x: number, y: number): void {
    if (this.overlay.sketch !== null) {
      this.handlers.corner?.(unproject(placeAt(this.ground.camera(), x, y)));
      return;
    }
    const picked = this.overlay.pick(x, y);
    this.handlers.select(picked?.id ?? null);
    this.handlers.zones(picked === null ? this.ground.zonesAt(x, y) : [], true);
    const craft = picked?.edge ? this.crafts.find((one) => one.id === picked.id) : undefined;
    if (craft !== undefined) this.lookAtCraft(craft);
  }

  private lookAtCraft(craft: Craft): void {
    const [lon, lat] = unproject(craft);
    this.lookAt(lon, lat);
  }

  private hovered(x: number, y: number): void {
    if (this.overlay.sketch !== null) return;
    const picked = this.overlay.pick(x, y, HOVER_PX);
    this.ground.pointer(picked !== null);
    this.handlers.zones(picked === null ? this.ground.zonesAt(x, y) : [], false);
  }
}

/** Opens a map in an element: with WebGL, or without it and with a notice. Rejects when this browser draws no canvas. */
export async function openSurface(container: HTMLElement, handlers: SurfaceHandlers): Promise<MapSurface> {
  if (hasWebGL()) {
    const { GlGround } = await import("./glground");
    return new MapSurface(container, handlers, (element, own) => new GlGround(element, own));
  }
  const { PlainGround } = await import("./plain");
  return new MapSurface(container, handlers, (element, own) => new PlainGround(element, own));
}
