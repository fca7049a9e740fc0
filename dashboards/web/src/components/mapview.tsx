import { useEffect, useRef, useState } from "preact/hooks";
import type { MapView as View } from "../map/view";
import type { Aircraft } from "../protocol";
import { usePage } from "./context";
import type { MapLink } from "./maplink";
import { ZoneFacts } from "./zones";

interface MapProps {
  unacknowledged: ReadonlySet<string>;
  shown: (aircraft: Aircraft) => boolean;
  theme: "day" | "night";
  /** Which aircraft to go to; a new object goes again. */
  target: { id: string } | null;
  zone: string | null;
  onZone(zoneId: string | null): void;
  onLink(link: MapLink): void;
}

export function MapPane({ unacknowledged, shown, theme, target, zone, onZone, onLink }: MapProps) {
  const { store, state, now, selected, show } = usePage();
  const container = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<View | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [notice, setNotice] = useState<string | null>(null);
  const [outside, setOutside] = useState<string[]>([]);

  useEffect(() => {
    let made: View | null = null;
    let gone = false;
    import("../map/view")
      .then(({ openView }) =>
        openView(container.current!, {
          select: (id) => show(id, false),
          zone: onZone,
          moved: (box) => store.look(box),
          outside: (ids) => setOutside((held) => (held.join() === ids.join() ? held : ids)),
          notice: setNotice,
        }),
      )
      .then((opened) => {
        if (gone) return opened.destroy();
        made = opened;
        setView(opened);
      })
      .catch((error: unknown) => setFailure(error instanceof Error ? error.message : String(error)));
    return () => {
      gone = true;
      made?.destroy();
    };
  }, []);

  useEffect(() => view?.dress(), [view, theme]);
  useEffect(() => view?.drawZones(state.zones ?? []), [view, state.zones]);
  useEffect(() => view?.highlight(zone), [view, zone]);
  useEffect(() => view?.draw({ fleet: state.aircraft, nowMs: now, selected, unacknowledged, shown }));
  useEffect(() => {
    const aircraft = target === null ? undefined : state.aircraft.get(target.id);
    if (aircraft !== undefined) view?.lookAt(aircraft);
  }, [view, target]);
  useEffect(() => {
    if (view !== null) onLink({ hover: onZone, lookAtZone: (id) => view.lookAtZone(id) });
  }, [view]);

  const fleet = [...state.aircraft.values()];
  const placeless = fleet.filter((one) => one.lon === null && !one.ended).length;
  const waiting = outside.filter((id) => unacknowledged.has(id)).length;
  const facts = state.zones?.find((one) => one.id === zone);
  return (
    <section class="map" aria-label="Map" data-testid="map" data-ready={view !== null}>
      <div class="map-canvas" ref={container} />
      {failure !== null ? (
        <p class="empty map-failure" data-testid="map-failure">
          This browser cannot draw the map ({failure}). The fleet list and the alerts hold everything that it would show.
        </p>
      ) : (
        <div class="map-tools">
          <button type="button" aria-label="Zoom in" onClick={() => view?.zoom(1)}>
            +
          </button>
          <button type="button" aria-label="Zoom out" onClick={() => view?.zoom(-1)}>
            −
          </button>
          <button type="button" data-testid="map-fit" onClick={() => view?.fit()}>
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
          <ZoneFacts zone={facts} />
        </div>
      )}
      <p class="map-notes">
        {outside.length > 0 && (
          <button type="button" class="plain" onClick={() => view?.fit()}>
            {outside.length} outside of the view{waiting > 0 ? `, ${waiting} unacknowledged` : ""}
          </button>
        )}
        {placeless > 0 && <span>{placeless} without a position</span>}
      </p>
    </section>
  );
}
