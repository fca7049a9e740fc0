// The ground without WebGL: a plain canvas that is moved by mouse, touch and keyboard; graticule and outlines of zones.

import type { FeatureCollection, Geometry } from "geojson";
import type { Box } from "./features";
import { graticule } from "./graticule";
import { AUSTRALIA, type Ground, type GroundHandlers, NEAREST_ZOOM, type Padding } from "./ground";
import { CREDIT } from "./basemap";
import { type Colour, colours } from "./images";
import { placeLabels, type Wanted } from "./labels";
import { type Camera, LAST_LATITUDE, placeAt, project, scaleOf, screenX, screenY, unproject, zoomOf } from "./mercator";
import { PlainBase } from "./plainbase";

const NOTHING: FeatureCollection = { type: "FeatureCollection", features: [] };
const PLAINLY = "This browser has no WebGL: the map is drawn plainly. Aircraft, zones and alerts are all there.";
const CLICK_PX = 6;
const PAN_PX = 100;
const FARTHEST_ZOOM = 1;

export class PlainGround implements Ground {
  private readonly canvas = document.createElement("canvas");
  private readonly context: CanvasRenderingContext2D;
  private readonly credit = document.createElement("small");
  private readonly base = new PlainBase();
  private readonly resizing: ResizeObserver;
  private at: Camera;
  private colour: Colour = colours();
  private areas = NOTHING;
  private labels = NOTHING;
  private highlighted: readonly string[] = [];
  private frame = 0;
  private settling = 0;
  /** Pointers that are down, where they are. */
  private readonly down = new Map<number, { x: number; y: number }>();
  private pressed: { x: number; y: number } | null = null;

  constructor(
    private readonly container: HTMLElement,
    private readonly handlers: GroundHandlers,
  ) {
    const context = this.canvas.getContext("2d");
    if (context === null) throw new Error("this browser draws no canvas");
    this.context = context;
    this.canvas.className = "map-plain";
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "region");
    this.canvas.setAttribute("aria-label", "Map of the aircraft and zones");
    this.credit.className = "map-credit";
    this.credit.textContent = CREDIT;
    container.append(this.canvas, this.credit);
    this.at = { ...project(0, 0), scale: scaleOf(FARTHEST_ZOOM), width: container.clientWidth, height: container.clientHeight };
    this.listen();
    this.resizing = new ResizeObserver(() => this.resized());
    this.resizing.observe(container);
    this.fit(AUSTRALIA, { top: 0, right: 0, bottom: 0, left: 0 }, NEAREST_ZOOM);
    handlers.notice(PLAINLY);
    this.base.load().then(
      () => this.later(),
      () => handlers.notice(`${PLAINLY} The coast and the places could not be loaded.`),
    );
  }

  destroy(): void {
    cancelAnimationFrame(this.frame);
    window.clearTimeout(this.settling);
    this.resizing.disconnect();
    this.canvas.remove();
    this.credit.remove();
  }

  camera(): Camera {
    return this.at;
  }

  view(): Box {
    const [west, north] = unproject(placeAt(this.at, 0, 0));
    const [east, south] = unproject(placeAt(this.at, this.at.width, this.at.height));
    return [west, south, east, north];
  }

  dress(): void {
    this.colour = colours();
    this.later();
  }

  /** Only the offline base map: online ones need WebGL. */
  baseMap(): void {}

  zones(areas: FeatureCollection, labels: FeatureCollection): void {
    this.areas = areas;
    this.labels = labels;
    this.later();
  }

  highlight(zoneIds: readonly string[]): void {
    this.highlighted = zoneIds;
    this.later();
  }

  zonesAt(x: number, y: number): string[] {
    const ratio = window.devicePixelRatio;
    return [...this.areas.features]
      .reverse()
      .filter(({ geometry }) => this.context.isPointInPath(this.path(geometry), x * ratio, y * ratio, "evenodd"))
      .map(({ properties }) => String(properties?.id));
  }

  fit([west, south, east, north]: Box, padding: Padding, maxZoom: number): void {
    const [upper, lower] = [project(west, north), project(east, south)];
    const width = Math.max(1, this.at.width - padding.left - padding.right);
    const height = Math.max(1, this.at.height - padding.top - padding.bottom);
    const scale = Math.min(width / Math.max(lower.x - upper.x, 1e-9), height / Math.max(lower.y - upper.y, 1e-9), scaleOf(maxZoom));
    this.move((upper.x + lower.x) / 2, (upper.y + lower.y) / 2, scale);
    this.move(this.at.x + (padding.right - padding.left) / 2 / this.at.scale, this.at.y + (padding.bottom - padding.top) / 2 / this.at.scale);
  }

  goTo(lon: number, lat: number, zoom: number): void {
    const { x, y } = project(lon, lat);
    this.move(x, y, Math.max(this.at.scale, scaleOf(zoom)));
  }

  zoomBy(steps: number): void {
    this.move(this.at.x, this.at.y, this.at.scale * 2 ** steps);
  }

  pointer(over: boolean): void {
    this.canvas.style.cursor = over ? "pointer" : "";
  }

  private move(x: number, y: number, scale = this.at.scale): void {
    const zoom = Math.min(NEAREST_ZOOM, Math.max(FARTHEST_ZOOM, zoomOf(scale)));
    const top = project(0, LAST_LATITUDE).y;
    this.at = { ...this.at, x: x - Math.floor(x), y: Math.min(1 - top, Math.max(top, y)), scale: scaleOf(zoom) };
    this.later();
    window.clearTimeout(this.settling);
    this.settling = window.setTimeout(() => this.handlers.moved(), 100);
  }

  /** Nearer by a factor, with what is below a point staying there. */
  private zoomAt(x: number, y: number, factor: number): void {
    const before = placeAt(this.at, x, y);
    this.move(this.at.x, this.at.y, this.at.scale * factor);
    const after = placeAt(this.at, x, y);
    this.move(this.at.x + before.x - after.x, this.at.y + before.y - after.y);
  }

  private resized(): void {
    this.at = { ...this.at, width: this.container.clientWidth, height: this.container.clientHeight };
    this.move(this.at.x, this.at.y);
  }

  private later(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    this.frame = 0;
    const { context, canvas, at, colour } = this;
    const ratio = window.devicePixelRatio;
    canvas.width = Math.round(at.width * ratio);
    canvas.height = Math.round(at.height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = colour("map-sea");
    context.fillRect(0, 0, at.width, at.height);
    this.base.draw(context, at, colour);
    this.drawGrid();
    this.drawZones();
    this.handlers.drawn();
  }

  private drawGrid(): void {
    const { context, at, colour } = this;
    context.font = `11px ${colour("font")}`;
    context.strokeStyle = colour("map-grid");
    context.fillStyle = colour("text-muted");
    context.lineWidth = 1;
    for (const { geometry, properties } of graticule(this.view()).features) {
      if (geometry.type === "Point") {
        const { x, y } = project(geometry.coordinates[0]!, geometry.coordinates[1]!);
        context.fillText(String(properties?.text), Math.max(4, screenX(at, x) + 4), Math.min(at.height - 4, screenY(at, y) - 4));
      } else {
        context.stroke(this.path(geometry));
      }
    }
  }

  private drawZones(): void {
    const { context, at, colour } = this;
    for (const { geometry, properties } of this.areas.features) {
      const path = this.path(geometry);
      const quiet = properties?.kind === "information";
      const chosen = this.highlighted.includes(String(properties?.id));
      if (!quiet) {
        context.fillStyle = colour("map-zone-fill");
        context.fill(path, "evenodd");
      }
      context.strokeStyle = colour(chosen ? "text" : quiet ? "map-trail" : "map-zone");
      context.lineWidth = chosen ? 3 : quiet ? 0.5 : 1.5;
      context.setLineDash(properties?.force === true ? [] : [4, 4]);
      context.stroke(path);
    }
    context.setLineDash([]);
    context.font = `12px ${colour("font")}`;
    const wanted: Wanted[] = [];
    for (const { geometry, properties } of this.labels.features) {
      if (geometry.type !== "Point" || properties?.kind === "information") continue;
      const { x, y } = project(geometry.coordinates[0]!, geometry.coordinates[1]!);
      const name = String(properties?.name);
      wanted.push({ id: name, x: screenX(at, x), y: screenY(at, y), width: context.measureText(name).width, height: 16, away: 4, mayCover: 0 });
    }
    context.strokeStyle = colour("map-ground");
    context.fillStyle = colour("text-muted");
    context.lineWidth = 3;
    for (const { id: name, x, y } of placeLabels(wanted, [], new Map(), at)) {
      context.strokeText(name, x, y + 12);
      context.fillText(name, x, y + 12);
    }
  }

  /** Lines and outlines on the screen. */
  private path(geometry: Geometry): Path2D {
    const path = new Path2D();
    const rings = (lists: readonly (readonly (readonly number[])[])[], closed: boolean): void => {
      for (const ring of lists) {
        // All of a ring on the copy of the world that its first corner is on.
        const first = project(ring[0]![0]!, ring[0]![1]!);
        const shift = screenX(this.at, first.x) - first.x * this.at.scale;
        for (const [index, corner] of ring.entries()) {
          const { x, y } = project(corner[0]!, corner[1]!);
          if (index === 0) path.moveTo(x * this.at.scale + shift, screenY(this.at, y));
          else path.lineTo(x * this.at.scale + shift, screenY(this.at, y));
        }
        if (closed) path.closePath();
      }
    };
    if (geometry.type === "LineString") rings([geometry.coordinates], false);
    else if (geometry.type === "MultiLineString") rings(geometry.coordinates, false);
    else if (geometry.type === "Polygon") rings(geometry.coordinates, true);
    else if (geometry.type === "MultiPolygon") for (const polygon of geometry.coordinates) rings(polygon, true);
    return path;
  }

  private listen(): void {
    const { canvas } = this;
    const point = (event: MouseEvent): { x: number; y: number } => {
      const box = canvas.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.down.set(event.pointerId, point(event));
      this.pressed = this.down.size === 1 ? point(event) : null;
    });
    canvas.addEventListener("pointermove", (event) => {
      const now = point(event);
      if (!this.down.has(event.pointerId)) return this.handlers.hover(now.x, now.y);
      this.dragged(event.pointerId, now);
    });
    const up = (event: PointerEvent): void => {
      const now = point(event);
      this.down.delete(event.pointerId);
      if (event.type === "pointerup" && this.pressed !== null) this.handlers.click(now.x, now.y);
      this.pressed = null;
    };
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    canvas.addEventListener("pointerleave", () => this.handlers.left());
    canvas.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        const { x, y } = point(event);
        this.zoomAt(x, y, 2 ** (-event.deltaY / (event.deltaMode === 0 ? 300 : 10)));
      },
      { passive: false },
    );
    canvas.addEventListener("dblclick", (event) => {
      const { x, y } = point(event);
      this.zoomAt(x, y, event.shiftKey ? 0.5 : 2);
    });
    canvas.addEventListener("keydown", (event) => {
      const step = KEYS[event.key];
      if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      const [right, below, zoom] = step;
      this.move(this.at.x + (right * PAN_PX) / this.at.scale, this.at.y + (below * PAN_PX) / this.at.scale, this.at.scale * 2 ** zoom);
    });
  }

  private dragged(id: number, now: { x: number; y: number }): void {
    const before = this.down.get(id)!;
    if (this.pressed !== null && Math.hypot(now.x - this.pressed.x, now.y - this.pressed.y) < CLICK_PX) return;
    this.pressed = null;
    this.down.set(id, now);
    const other = [...this.down].find(([one]) => one !== id)?.[1];
    if (other === undefined) {
      this.move(this.at.x - (now.x - before.x) / this.at.scale, this.at.y - (now.y - before.y) / this.at.scale);
      return;
    }
    // Two fingers: what is between them stays between them.
    const apart = Math.hypot(before.x - other.x, before.y - other.y);
    const middle = { x: (before.x + other.x) / 2, y: (before.y + other.y) / 2 };
    if (apart > 0) this.zoomAt(middle.x, middle.y, Math.hypot(now.x - other.x, now.y - other.y) / apart);
    this.move(this.at.x - (now.x - before.x) / 2 / this.at.scale, this.at.y - (now.y - before.y) / 2 / this.at.scale);
  }
}

/** Right, below, nearer. */
const KEYS: Record<string, [number, number, number]> = {
  ArrowLeft: [-1, 0, 0], ArrowRight: [1, 0, 0], ArrowUp: [0, -1, 0], ArrowDown: [0, 1, 0], "+": [0, 0, 1], "=": [0, 0, 1], "-": [0, 0, -1],
};
