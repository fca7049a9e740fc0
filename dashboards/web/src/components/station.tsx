import { useEffect, useRef, useState } from "preact/hooks";
import { stationName } from "../preferences";
import { usePage } from "./context";

interface StationProps {
  waiting: boolean;
  onStation(name: string): void;
}

/** The name that stands beside each acknowledgement: asked once, in its place, and kept on this machine. */
export function Station({ waiting, onStation }: StationProps) {
  const { preferences } = usePage();
  const [editing, setEditing] = useState(false);
  const [typed, setTyped] = useState(preferences.station);
  const field = useRef<HTMLInputElement>(null);
  const open = editing || preferences.station === "";
  useEffect(() => {
    if (waiting || editing) field.current?.focus();
  }, [waiting, editing]);
  if (!open) {
    return (
      <p class="station">
        Station <b data-testid="station-name">{preferences.station}</b>{" "}
        <button
          type="button"
          class="plain"
          onClick={() => {
            setTyped(preferences.station);
            setEditing(true);
          }}
        >
          change
        </button>
      </p>
    );
  }
  const save = (event: Event): void => {
    event.preventDefault();
    const name = stationName(typed);
    if (name === null) return;
    setEditing(false);
    onStation(name);
  };
  return (
    <form class={`station station-form${waiting ? " asked" : ""}`} onSubmit={save}>
      <label>
        {waiting ? "Name this station first: it stands beside the acknowledgement" : "Station name, to stand beside each acknowledgement"}
        <input
          ref={field}
          data-testid="station-input"
          value={typed}
          maxLength={60}
          autocomplete="off"
          placeholder="e.g. Desk 1"
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="button" data-testid="station-save" disabled={stationName(typed) === null}>
        {waiting ? "Save and acknowledge" : "Save"}
      </button>
    </form>
  );
}
