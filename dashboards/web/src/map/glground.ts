// The ground by MapLibre: the base map (offline, or the online one of the settings), the graticule and the zones.

import type { FeatureCollection } from "geojson";
import { AttributionControl, type ErrorEvent, type GeoJSONSource, Map as MapLibre, ScaleControl, setWorkerUrl, type StyleSpecification } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import "maplibre-gl/dist/maplibre-gl.css";
import type { Box } from "./features";
import { graticule } from "./graticule";
import { AUSTRALIA, type Ground, type GroundHandlers, NEAREST_ZOOM, type Padding } from "./ground";
import { colours, drawHatch, PIXELS } from "./images";
import { type Camera, project, scaleOf } from "./mercator";
import { AGAIN_MS, fetchStyle, isAway, unreachable } from "./online";
import { styleOf } from "./style";

const NOTHING: FeatureCollection = { type: "FeatureCollection", features: [] };

export class GlGround implements Ground {
  private readonly map: MapLibre;
  private ready = false;
  /** Of the container: asked for only when it changes, since asking makes the browser lay out the page. */
  private size = { width: 0, height: 0 };
  private areas = NOTHING;
  private labels = NOTHING;
  private highlighted: readonly string[] = [];
  private address: string | null = null;
  private online: StyleSpecification | null = null;
  private again = 0;

  constructor(
    container: HTMLElement,
    private readonly handlers: GroundHandlers,
  ) {
    setWorkerUrl(workerUrl);
    this.map = new MapLibre({
      container,
      style: styleOf(colours(), null),
      bounds: AUSTRALIA,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      maxZoom: NEAREST_ZOOM,
      fadeDuration: 0,
      locale: { "Map.Title": "Map of the aircraft and zones" },
    });
    this.measure();
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    // The first stands lowest.
    this.map.addControl(new AttributionControl({ compact: false, customAttribution: [] }), "bottom-right");
    this.map.addControl(new ScaleControl({ unit: "metric", maxWidth: 120 }), "bottom-right");
    this.map.on("style.load", () => this.dressed());
    this.map.on("render", () => handlers.drawn());
    this.map.on("resize", () => this.measure());
    this.map.on("moveend", () => this.moved());
    this.map.on("error", (event) => this.failed(event));
    this.map.on("click", (event) => handlers.click(event.point.x, event.point.y));
    this.map.on("mousemove", (event) => handlers.hover(event.point.x, event.point.y));
    this.map.on("mouseout", () => handlers.left());
  }

  destroy(): void {
    this.address = null;
    window.clearTimeout(this.again);
    this.map.remove();
  }

  camera(): Camera {
    const { lng, lat } = this.map.getCenter();
    return { ...project(lng, lat), scale: scaleOf(this.map.getZoom()), ...this.size };
  }

  view(): Box {
    const bounds = this.map.getBounds();
    return [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
  }

  dress(): void {
    this.ready = false;
    this.map.setStyle(styleOf(colours(), this.online), { diff: false });
  }

  baseMap(address: string | null): void {
    if (address === this.address) return;
    this.address = address;
    if (address === null) this.offline(null);
    else void this.goOnline(address);
  }

  private async goOnline(address: string): Promise<void> {
    window.clearTimeout(this.again);
    try {
      const style = await fetchStyle(address);
      if (address !== this.address) return;
      this.online = style;
      this.handlers.notice(null);
      this.dress();
    } catch (error) {
      if (address === this.address) this.offline(error instanceof Error ? error.message : String(error));
    }
  }

  /** why: null when nobody asked for another map. */
  private offline(why: string | null): void {
    const address = this.address;
    window.clearTimeout(this.again);
    if (this.online !== null) {
      this.online = null;
      this.dress();
    }
    if (why === null || address === null) return this.handlers.notice(null);
    this.handlers.notice(unreachable(address, why));
    this.again = window.setTimeout(() => void this.goOnline(address), AGAIN_MS);
  }

  private failed({ error }: ErrorEvent): void {
    if (this.online !== null && isAway(error)) this.offline("it stopped answering");
    else console.error(error);
  }

  zones(areas: FeatureCollection, labels: FeatureCollection): void {
    this.areas = areas;
    this.labels = labels;
    if (!this.ready) return;
    this.source("zones")?.setData(areas);
    this.source("zone-labels")?.setData(labels);
  }

  highlight(zoneIds: readonly string[]): void {
    this.highlighted = zoneIds;
    if (this.ready) this.map.setFilter("wedgetail-zones-hover", ["in", ["get", "id"], ["literal", [...zoneIds]]]);
  }

  zonesAt(x: number, y: number): string[] {
    if (!this.ready) return [];
    const found = this.map.queryRenderedFeatures([x, y], { layers: ["wedgetail-zones-fill"] });
    return [...new Set(found.map((one) => String(one.properties.id)))];
  }

  fit(box: Box, padding: Padding, maxZoom: number, duration: number): void {
    this.map.fitBounds(box, { padding, maxZoom, duration });
  }

  goTo(lon: number, lat: number, zoom: number, duration: number): void {
    this.map.easeTo({ center: [lon, lat], zoom: Math.max(this.map.getZoom(), zoom), duration });
  }

  zoomBy(steps: number, duration: number): void {
    this.map.easeTo({ zoom: this.map.getZoom() + steps, duration });
  }

  pointer(over: boolean): void {
    this.map.getCanvas().style.cursor = over ? "pointer" : "";
  }

  private measure(): void {
    const { clientWidth: width, clientHeight: height } = this.map.getContainer();
    this.size = { width, height };
  }

  private source(name: string): GeoJSONSource | undefined {
    return this.map.getSource<GeoJSONSource>(`wedgetail-${name}`);
  }

  private dressed(): void {
    if (this.map.hasImage("hatch")) this.map.removeImage("hatch");
    this.map.addImage("hatch", drawHatch(colours()), { pixelRatio: PIXELS });
    this.ready = true;
    this.zones(this.areas, this.labels);
    this.highlight(this.highlighted);
    this.moved();
  }

  private moved(): void {
    if (!this.ready) return;
    this.source("grid")?.setData(graticule(this.view()));
    this.handlers.moved();
  }
}
