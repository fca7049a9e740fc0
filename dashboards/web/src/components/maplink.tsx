import { createContext } from "preact";
import { useContext } from "preact/hooks";

/** What lists may ask of the map. */
export interface MapLink {
  hover(zoneId: string | null): void;
  /** A corner of the zone that is being drawn, in the middle of what is in view. */
  cornerInTheMiddle(): void;
  lookAtZone(zoneId: string): void;
}

export const NO_MAP: MapLink = { hover: () => undefined, cornerInTheMiddle: () => undefined, lookAtZone: () => undefined };

export const MapLinkContext = createContext<MapLink>(NO_MAP);

export const useMapLink = (): MapLink => useContext(MapLinkContext);
