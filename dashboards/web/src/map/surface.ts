// A map for any page: the ground, the zones and the aircraft, whichever way this browser can draw them. It knows no store:
//
//   const map = await openSurface(element, handlers);
//   map.showZones(zones, nowMs);          // those to be seen at that moment
//   map.show(crafts, trails);             // as often as wanted: drawn once a frame of the screen
//   map.dress();                          // after the theme changed
//   map.fit(boxOf(places)); map.lookAt(lon, lat); map.destroy();

import { onBlink } from "../blink";
import type { ZoneFeature } from "../protocol";
import type { Craft } from "./craft";
import { type Box, inForce, zoneBox, zoneFeatures } from "./features";
import { type Ground, type GroundHandlers, hasWebGL, type Padding } from "./ground";
import { colours } from "./images";
import { type Camera, unproject } from "./mercator";
import { Overlay } from "./overlay";
import type { Trail } from "./trail";

/** What lies on the map: buttons to the upper right, notes below. */
const PADDING: Padding = { top: 56, bottom: 56, left: 48, right: 96 };
const INSET = { top: 34, right: 80, bottom: 56, left: 34 };
const NEAR_ZOOM = 13;
const FIT_ZOOM = 15;
const HOVER_PX = 8;

export interface SurfaceHandlers {
  /** An aircraft was pressed, or (null) the map beside all. */
  select(aircraftId: string | null): void;
  /** The zone under the pointer, or pressed; null: none any more. */
  zone(zoneId: string | null): void;
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
      left: () => handlers.zone(null),
      notice: (text) => handlers.notice(text),
    });
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
    const { areas, labels } = zoneFeatures(zones, nowMs);
    this.ground.zones(areas, labels);
  }

  highlight(zoneId: string | null): void {
    this.ground.highlight(zoneId);
  }

  /** Colours again from the tokens (day and night). */
  dress(): void {
    this.overlay.dress(colours());
    this.ground.dress();
    this.later();
  }

  get camera(): Camera {
    return this.ground.camera();
  }

  get view(): Box {
    return this.ground.view();
  }

  lookAt(lon: number, lat: number): void {
    this.ground.goTo(lon, lat, NEAR_ZOOM, this.pace());
  }

  lookAtZone(zoneId: string): void {
    const zone = this.zones.find((one) => one.id === zoneId);
    const box = zone === undefined ? null : zoneBox(zone);
    if (box !== null) this.fit(box);
  }

  fit(box: Box, duration = this.pace()): void {
    this.ground.fit(box, PADDING, FIT_ZOOM, duration);
  }

  zoom(steps: number): void {
    this.ground.zoomBy(steps, this.pace());
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
    const picked = this.overlay.pick(x, y);
    this.handlers.select(picked?.id ?? null);
    this.handlers.zone(picked === null ? this.ground.zoneAt(x, y) : null);
    const craft = picked?.edge ? this.crafts.find((one) => one.id === picked.id) : undefined;
    if (craft !== undefined) this.lookAtCraft(craft);
  }

  private lookAtCraft(craft: Craft): void {
    const [lon, lat] = unproject(craft);
    this.lookAt(lon, lat);
  }

  private hovered(x: number, y: number): void {
    const picked = this.overlay.pick(x, y, HOVER_PX);
    this.ground.pointer(picked !== null);
    this.handlers.zone(picked === null ? this.ground.zoneAt(x, y) : null);
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
