// The dispatcher's map: what the store knows, on a map surface. Loaded after the lists, which work without it.

import type { Aircraft, ZoneFeature } from "../protocol";
import type { Craft } from "./craft";
import { Crafts, type Picture } from "./crafts";
import type { Place as LonLat } from "../drawing/coordinates";
import type { Marks } from "../layers";
import { boxOf, footprint, zoneBox } from "./features";
import { type Camera, screenX, screenY, unproject } from "./mercator";
import type { Sketch } from "./sketch";
import { type MapSurface, openSurface, type SurfaceHandlers } from "./surface";

export interface ViewHandlers extends SurfaceHandlers {
  /** Aircraft with a position that are outside of what the map shows. */
  outside(aircraftIds: string[]): void;
  /** The map was moved by hand: it follows nobody any more. */
  unfollowed(): void;
}

const BY_HAND_PX = 4;
const COUNT_MS = 1_000;

/** The age of a position counts too, but not to the frame. */
function isSame(one: Picture, other: Picture): boolean {
  const sooner = (other.nowMs ?? 0) - (one.nowMs ?? 0) < COUNT_MS;
  return sooner && one.fleet === other.fleet && one.selected === other.selected && one.unacknowledged === other.unacknowledged && one.shown === other.shown && one.coming === other.coming;
}

/** Opens the map; rejects when this browser cannot draw any. */
export async function openView(container: HTMLElement, handlers: ViewHandlers): Promise<MapView> {
  let view: MapView | null = null;
  const surface = await openSurface(container, { ...handlers, moved: () => view?.moved() });
  view = new MapView(surface, handlers);
  return view;
}

export class MapView {
  private readonly known = new Crafts();
  private crafts: Craft[] = [];
  private picture: Picture | null = null;
  private zones: readonly ZoneFeature[] = [];
  private placed = false;
  private followed: string | null = null;
  /** Where the map was put last to follow. */
  private put: Camera | null = null;
  private countedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly surface: MapSurface,
    private readonly handlers: ViewHandlers,
  ) {}

  destroy(): void {
    this.surface.destroy();
  }

  dress(): void {
    this.surface.dress();
  }

  baseMap(address: string | null): void {
    this.surface.baseMap(address);
  }

  draw(picture: Picture): void {
    if (this.picture !== null && isSame(this.picture, picture)) return;
    this.picture = picture;
    this.crafts = this.known.of(picture);
    this.surface.show(this.crafts, this.known.trails.values());
    this.surface.showZones(this.zones, picture.nowMs);
    if (!this.placed && this.fit(0)) {
      this.placed = true;
      this.moved();
    }
    this.keepUp();
    this.countOutside();
  }

  /** The fleet as it is now, all else as it was drawn last. */
  refresh(fleet: Picture["fleet"], nowMs: number | null): void {
    if (this.picture !== null && fleet !== this.picture.fleet) this.draw({ ...this.picture, fleet, nowMs });
  }

  drawZones(zones: readonly ZoneFeature[]): void {
    this.zones = zones;
    this.surface.showZones(zones, this.picture?.nowMs ?? null);
  }

  highlight(zoneIds: readonly string[]): void {
    this.surface.highlight(zoneIds);
  }

  setMarks(marks: Marks): void {
    this.surface.setMarks(marks);
  }

  showAreas(zones: readonly ZoneFeature[]): void {
    this.surface.showAreas(zones.map(footprint).filter((one) => one !== null));
  }

  sketch(sketch: Sketch | null): void {
    this.surface.sketch(sketch);
  }

  /** What lies in the middle of the map. */
  get middle(): LonLat {
    return unproject(this.surface.camera);
  }

  /** Stays with an aircraft until the map is moved by hand; null: with none. */
  follow(aircraftId: string | null): void {
    this.followed = aircraftId;
    this.put = null;
    this.keepUp();
  }

  private keepUp(): void {
    const aircraft = this.followed === null ? undefined : this.picture?.fleet.get(this.followed);
    if (aircraft === undefined || aircraft.lon === null || aircraft.lat === null) return;
    const { x, y, scale } = this.surface.camera;
    const put = this.put;
    // While it comes nearer its middle wanders: that is no moving away.
    if (put !== null && put.scale === scale && Math.hypot(x - put.x, y - put.y) * scale > BY_HAND_PX) {
      this.followed = null;
      this.handlers.unfollowed();
      return;
    }
    if (put === null || put.scale === scale) this.surface.centre(aircraft.lon, aircraft.lat);
    this.put = this.surface.camera;
  }

  lookAt(aircraft: Aircraft): void {
    if (aircraft.lon !== null && aircraft.lat !== null) this.surface.lookAt(aircraft.lon, aircraft.lat);
  }

  lookAtZone(zoneId: string): void {
    this.surface.lookAtZone(zoneId);
  }

  zoom(by: 1 | -1): void {
    this.surface.zoom(by, this.followed === null ? undefined : 0);
  }

  /** All aircraft in view, or the zones while there is none; false when it was not aircraft. */
  fit(duration?: number): boolean {
    const fleet = [...(this.picture?.fleet.values() ?? [])];
    const places = fleet.filter((one) => one.lon !== null && one.lat !== null && !one.ended).map((one) => [one.lon!, one.lat!]);
    const zones = this.zones.map(zoneBox).filter((one) => one !== null);
    const box = boxOf(places) ?? boxOf(zones.flatMap(([west, south, east, north]) => [[west, south], [east, north]]));
    if (box !== null) this.surface.fit(box, duration);
    return places.length > 0;
  }

  moved(): void {
    if (this.placed) this.handlers.moved(this.surface.view);
    this.countedAt = Number.NEGATIVE_INFINITY;
    this.countOutside();
  }

  private countOutside(): void {
    const now = performance.now();
    if (now - this.countedAt < COUNT_MS) return;
    this.countedAt = now;
    const camera = this.surface.camera;
    const fleet = this.picture?.fleet;
    const outside = this.crafts.filter((craft) => {
      const [x, y] = [screenX(camera, craft.x), screenY(camera, craft.y)];
      return (x < 0 || x > camera.width || y < 0 || y > camera.height) && fleet?.get(craft.id)?.ended !== true;
    });
    this.handlers.outside(outside.map((craft) => craft.id));
  }
}
