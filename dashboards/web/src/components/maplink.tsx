import { createContext } from "preact";
import { useContext } from "preact/hooks";

/** What lists may ask of the map. */
export interface MapLink {
  hover(zoneId: string | null): void;
  lookAtZone(zoneId: string): void;
}

export const MapLinkContext = createContext<MapLink>({ hover: () => undefined, lookAtZone: () => undefined });

export const useMapLink = (): MapLink => useContext(MapLinkContext);
