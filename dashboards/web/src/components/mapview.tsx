import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ageSeconds } from "../clock";
import { aircraftName } from "../format";
import { marksOf, visibleZones } from "../layers";
import type { MapView as View } from "../map/view";
import { comes, onThePage, stands } from "../order";
import type { Aircraft, Alert } from "../protocol";
import { usePage } from "./context";
import { STALE_S } from "./fleetrow";
import { LayerPanel } from "./layers";
import type { MapLink } from "./maplink";
import { EndZone, ZoneFacts } from "./zones";

interface MapProps {
  unacknowledged: ReadonlySet<string>;
  shown: (aircraft: Aircraft) => boolean;
  theme: "day" | "night";
  /** Which aircraft to go to; a new object goes again. */
  target: { id: string } | null;
  /** To the form of the zone that is being drawn. */
  onForm(): void;
  onLink(link: MapLink): void;
}

const MOST_FACTS = 4;

export function MapPane({ unacknowledged, shown, theme, target, onForm, onLink }: MapProps) {
  const { store, state, now, selected, show, preferences, followed, follow, zones: work } = usePage();
  const container = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<View | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [notice, setNotice] = useState<string | null>(null);
  const [outside, setOutside] = useState<string[]>([]);
  const [hovered, setHovered] = useState<readonly string[]>([]);
  const [pressed, setPressed] = useState<readonly string[]>([]);
  const [layers, setLayers] = useState(false);
  const layersButton = useRef<HTMLButtonElement>(null);
  // What the map calls later must see what is then.
  const current = useRef(work);
  current.current = work;

  useEffect(() => {
    let made: View | null = null;
    let gone = false;
    import("../map/view")
      .then(({ openView }) =>
        openView(container.current!, {
          select: (id) => show(id, false),
          zones: (ids, press) => {
            setHovered((held) => (held.join() === ids.join() ? held : ids));
            if (press) setPressed(ids);
          },
          corner: (place) => current.current.corner(place),
          moved: (box) => store.look(box),
          outside: (ids) => setOutside((held) => (held.join() === ids.join() ? held : ids)),
          unfollowed: () => follow(null),
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

  const hidden = useMemo(() => new Set(preferences.hidden), [preferences.hidden]);
  const alarming = useMemo(() => zonesOf(state.alerts.values()), [state.alerts]);
  const zones = useMemo(() => visibleZones(state.zones ?? [], hidden, new Set(alarming.split(" "))), [state.zones, hidden, alarming]);
  const own = useMemo(() => zones.filter((one) => selected !== null && one.properties.aircraft_ids?.includes(selected)), [zones, selected]);
  // What was pressed stays, so that its buttons can be reached.
  const pointed = pressed.length > 0 ? pressed : hovered;
  const draft = work.draft === null ? null : work.checked;
  const second = now === null ? null : Math.floor(now / 1000) * 1000;
  const warned = useMemo(() => coming(state.alerts.values(), second), [state.alerts, second]);

  useEffect(() => view?.dress(), [view, theme]);
  useEffect(() => view?.baseMap(state.hello?.map_style ?? null), [view, state.hello?.map_style]);
  useEffect(() => view?.setMarks(marksOf(hidden)), [view, hidden]);
  useEffect(() => view?.drawZones(zones), [view, zones]);
  useEffect(() => view?.showAreas(own), [view, own]);
  useEffect(() => view?.highlight(draft === null ? pointed : []), [view, pointed, draft === null]);
  useEffect(() => view?.sketch(draft), [view, draft]);
  useEffect(() => view?.draw({ fleet: state.aircraft, nowMs: now, selected, unacknowledged, shown, coming: warned }));
  // Positions go to the map as they come: the lists' pace is too slow for it.
  useEffect(() => (view === null ? undefined : store.subscribe(() => view.refresh(store.state.aircraft, store.now()))), [view, store]);
  useEffect(() => {
    const aircraft = target === null ? undefined : state.aircraft.get(target.id);
    if (aircraft !== undefined) view?.lookAt(aircraft);
  }, [view, target]);
  useEffect(() => view?.follow(followed), [view, followed]);
  useEffect(() => {
    if (view === null) return;
    onLink({
      hover: (id) => {
        setPressed([]);
        setHovered(id === null ? [] : [id]);
      },
      lookAtZone: (id) => {
        follow(null);
        view.lookAtZone(id);
      },
      cornerInTheMiddle: () => current.current.corner(view.middle),
    });
  }, [view]);

  const fit = (): void => {
    follow(null);
    view?.fit();
  };
  const fleet = [...state.aircraft.values()];
  const placeless = fleet.filter((one) => one.lon === null && !one.ended).length;
  const waiting = outside.filter((id) => unacknowledged.has(id)).length;
  const facts = draft === null ? (state.zones?.filter((one) => pointed.includes(one.id)) ?? []) : [];
  const held = pressed.length > 0;
  const followedOne = followed === null ? undefined : state.aircraft.get(followed);
  const left = (state.zones?.length ?? 0) - zones.length;
  const marks = preferences.hidden.filter((key) => !key.includes("/")).length;
  return (
    <section class="map" aria-label="Map" data-testid="map" data-ready={view !== null} data-followed={followed ?? ""}>
      <div class={`map-canvas${draft === null ? "" : " map-drawing"}`} ref={container} />
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
          <button type="button" data-testid="map-fit" onClick={fit}>
            All
          </button>
          <button type="button" ref={layersButton} data-testid="map-layers" aria-expanded={layers} onClick={() => setLayers(!layers)}>
            Layers
          </button>
          <button type="button" data-testid="map-draw" aria-pressed={draft !== null} onClick={() => (draft === null ? work.start(null) : onForm())}>
            Draw
          </button>
        </div>
      )}
      {layers && (
        <LayerPanel
          onClose={() => {
            setLayers(false);
            layersButton.current?.focus();
          }}
        />
      )}
      {notice !== null && (
        <p class="map-notice" role="status" data-testid="map-notice">
          {notice}{" "}
          <button type="button" class="plain" onClick={() => setNotice(null)}>
            Close
          </button>
        </p>
      )}
      {draft !== null && (
        <>
          <span class="map-cross" aria-hidden="true" />
          <p class="map-zone map-sketch" data-testid="sketch">
            <b>Click the corners of the zone.</b> {draft.places.length} set
            <span class="sketch-buttons">
              <button type="button" class="button" disabled={draft.places.length === 0} onClick={work.takeBack}>
                Take back
              </button>
              <button type="button" class="button sketch-form" onClick={onForm}>
                Its form
              </button>
            </span>
          </p>
        </>
      )}
      {facts.length > 0 && (
        <div class={`map-zone${held ? " map-held" : ""}`} data-testid="zone-facts">
          {facts.slice(0, MOST_FACTS).map((zone) => (
            <div class="map-fact" key={zone.id}>
              <ZoneFacts zone={zone} />
              {held && <EndZone zone={zone} />}
            </div>
          ))}
          {facts.length > MOST_FACTS && <small>and {facts.length - MOST_FACTS} more here: they stand in the list of zones</small>}
          {held && (
            <button type="button" class="plain" onClick={() => setPressed([])}>
              Close
            </button>
          )}
        </div>
      )}
      <p class="map-notes">
        {followed !== null && (
          <button type="button" class="plain" data-testid="unfollow" onClick={() => follow(null)}>
            Following {followedOne === undefined ? "an aircraft that is gone" : aircraftName(followedOne)}: stop
          </button>
        )}
        {outside.length > 0 && (
          <button type="button" class="plain" onClick={fit}>
            {outside.length} outside of the view{waiting > 0 ? `, ${waiting} unacknowledged` : ""}
          </button>
        )}
        {placeless > 0 && <span>{placeless} without a position</span>}
        {left + marks > 0 && (
          <button type="button" class="plain" data-testid="hidden-layers" onClick={() => setLayers(true)}>
            {left > 0 ? `${left} zones hidden` : `${marks} layers hidden`}
          </button>
        )}
      </p>
    </section>
  );
}

/** Zones that alerts on the page name, as one text: the same zones are the same text. */
function zonesOf(alerts: Iterable<Alert>): string {
  return [...new Set([...alerts].filter((one) => onThePage(one) && one.zone_id !== null).map((one) => one.zone_id))].sort().join(" ");
}

/** Who is warned of what comes, and when: what comes first. */
function coming(alerts: Iterable<Alert>, now: number | null): Map<string, number> {
  const found = new Map<string, number>();
  for (const alert of alerts) {
    const age = ageSeconds(alert.guidance_at, now);
    if (!stands(alert) || alert.imported || age === null || age > STALE_S) continue;
    const when = Math.min(comes(alert), found.get(alert.aircraft_id) ?? Number.POSITIVE_INFINITY);
    if (Number.isFinite(when)) found.set(alert.aircraft_id, when);
  }
  return found;
}
