import { useEffect, useRef } from "preact/hooks";
import { ZONE_KIND } from "../format";
import { MARKS, zoneLayers, type Mark } from "../layers";
import { usePage } from "./context";

/** What the map shows of what it could. Choices are kept in this browser. */
export function LayerPanel({ onClose }: { onClose(): void }) {
  const { state, preferences, prefer } = usePage();
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => panel.current?.querySelector<HTMLElement>("input")?.focus(), []);
  const hidden = new Set(preferences.hidden);
  const toggle = (key: string): void => {
    if (!hidden.delete(key)) hidden.add(key);
    prefer({ hidden: [...hidden].sort() });
  };
  const row = (key: string, title: string, count: number | null): preact.JSX.Element => (
    <label key={key}>
      <input type="checkbox" checked={!hidden.has(key)} data-testid={`layer-${key}`} onChange={() => toggle(key)} />
      {title}
      {count !== null && <small>{count}</small>}
    </label>
  );
  return (
    <div
      class="map-layers"
      ref={panel}
      role="group"
      aria-label="Layers of the map"
      data-testid="layers"
      onKeyDown={(event) => event.key === "Escape" && onClose()}
    >
      <div class="bar">
        <h3>Layers</h3>
        <button type="button" class="button" onClick={onClose}>
          Close
        </button>
      </div>
      {(Object.entries(MARKS) as [Mark, string][]).map(([mark, title]) => row(mark, title, null))}
      {zoneLayers(state.zones ?? [], hidden).map((layer) =>
        row(layer.key, `${ZONE_KIND[layer.kind]}${layer.airspaceClass === null ? "" : `, class ${layer.airspaceClass}`}`, layer.count),
      )}
      <p class="help">Aircraft are always drawn, and so are zones that an alert on the page names.</p>
    </div>
  );
}
