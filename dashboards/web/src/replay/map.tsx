import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Craft } from "../map/craft";
import { project, unproject, zoomOf } from "../map/mercator";
import type { MapSurface } from "../map/surface";
import { Trail, TRAIL_MS } from "../map/trail";
import { useReplay } from "./context";
import { markAt, momentOf, zonesAt } from "./moment";
import { boxAround, BROKEN, NO_PLACE, rowAt, type Track } from "./tracks";
import type { Replay } from "./replay";
import { ZoneWords } from "./zones";

export function ReplayMap({ theme }: { theme: string }) {
  const replay = useReplay();
  const container = useRef<HTMLDivElement>(null);
  const [surface, setSurface] = useState<MapSurface | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [notice, setNotice] = useState<string | null>(null);
  const [zone, setZone] = useState<string | null>(null);
  const placed = useRef<ReadonlyMap<string, Track> | null>(null);
  const now = replay.now;

  const [done, all] = replay.progress;
  const drawn = replay.tracks.size > 0 || (all > 0 && done === all);
  useEffect(() => {
    if (!drawn) return;
    let opened: MapSurface | null = null;
    // After the frame that shows the charts: without a graphics card a map holds everything up for a while.
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => {
        import("../map/surface")
          .then(({ openSurface }) =>
            openSurface(container.current!, {
              select: (id) => id !== null && replay.change({ selected: id }),
              zones: ([top]) => setZone(top ?? null),
              moved: () => opened !== null && placed.current !== null && replay.change({ map: placeOf(opened) }),
              notice: setNotice,
            }),
          )
          .then((made) => {
            if (frame === 0) return made.destroy();
            opened = made;
            setSurface(made);
          })
          .catch((error: unknown) => setFailure(error instanceof Error ? error.message : String(error)));
      });
    });
    return () => {
      cancelAnimationFrame(frame);
      frame = 0;
      opened?.destroy();
      setSurface(null);
      placed.current = null;
    };
  }, [replay, drawn]);

  useEffect(() => surface?.dress(), [surface, theme]);
  useEffect(() => surface?.highlight(zone === null ? [] : [zone]), [surface, zone]);
  const style = replay.recorded?.map_style ?? null;
  useEffect(() => surface?.baseMap(style), [surface, style]);
  useEffect(() => {
    if (surface === null || replay.tracks.size === 0) return;
    const { map } = replay.address;
    if (placed.current !== null) return;
    if (map !== null) surface.place(map.lon, map.lat, map.zoom);
    else fit(surface, replay);
    placed.current = replay.tracks;
  }, [surface, replay.tracks]);

  const then = zonesAt(replay.zones ?? [], now);
  const key = then.map(({ zone: one }) => `${one.id}/${one.properties.version}`).join();
  const features = useMemo(() => then.map((one) => one.zone), [key]);
  useEffect(() => surface?.showZones(features, now), [surface, features, now]);
  useEffect(() => {
    if (surface === null) return;
    const { crafts, trails } = pictureOf(replay, now);
    surface.show(crafts, trails);
  });

  const facts = features.find((one) => one.id === zone);
  return (
    <section class="map" aria-label="Map" data-testid="map" data-ready={surface !== null} data-zones={features.length}>
      <div class="map-canvas" ref={container} />
      {failure !== null ? (
        <p class="empty map-failure" data-testid="map-failure">
          This browser cannot draw the map ({failure}). Charts and lists hold everything that it would show.
        </p>
      ) : (
        <div class="map-tools">
          <button type="button" aria-label="Zoom in" onClick={() => surface?.zoom(1)}>
            +
          </button>
          <button type="button" aria-label="Zoom out" onClick={() => surface?.zoom(-1)}>
            −
          </button>
          <button type="button" data-testid="map-fit" onClick={() => surface !== null && fit(surface, replay)}>
            All
          </button>
        </div>
      )}
      {notice !== null && (
        <p class="map-notice" role="status" data-testid="map-notice">
          {notice}
        </p>
      )}
      {facts !== undefined && (
        <div class="map-zone" data-testid="zone-facts">
          <ZoneWords zone={facts} />
        </div>
      )}
    </section>
  );
}

function placeOf(surface: MapSurface): { lon: number; lat: number; zoom: number } {
  const camera = surface.camera;
  const [lon, lat] = unproject(camera);
  return { lon, lat, zoom: zoomOf(camera.scale) };
}

/** Everywhere that the aircraft were. */
function fit(surface: MapSurface, replay: Replay): void {
  const box = boxAround(replay.tracks.values());
  if (box !== null) surface.fit(box, 0);
}

function pictureOf(replay: Replay, now: number): { crafts: Craft[]; trails: Trail[] } {
  const crafts: Craft[] = [];
  const trails: Trail[] = [];
  for (const id of replay.address.aircraft) {
    const track = replay.trackAt(id, now);
    const moment = momentOf(track, replay.sources, now);
    if (track === undefined || moment.place === null) continue;
    crafts.push({
      id,
      ...project(moment.place.lon, moment.place.lat),
      mark: markAt(replay.alertsOf(id), now),
      stale: moment.stale,
      heading_deg: moment.heading_deg,
      label: replay.nameOf(id),
      dim: false,
      waits: false,
      selected: id === replay.address.selected,
      ahead: null,
    });
    trails.push(trailOf(track, now));
  }
  return { crafts, trails };
}

/** Its way of the last minute. */
function trailOf(track: Track, now: number): Trail {
  const trail = new Trail();
  let broken = false;
  for (let row = rowAt(track, now - TRAIL_MS) + 1; row <= rowAt(track, now); row += 1) {
    broken ||= (track.flags[row]! & BROKEN) !== 0;
    if (track.lon[row] === NO_PLACE) continue;
    trail.heard(track.lon[row]! / 1e7, track.lat[row]! / 1e7, track.time[row]!);
    // What the door says of gaps counts, not how far apart the rows are: some may have been left out.
    trail.broken[trail.broken.length - 1] ||= broken;
    broken = false;
  }
  return trail;
}
