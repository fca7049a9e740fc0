// The replay by keyboard. Pure but for the element that has the focus.

export interface KeyVerbs {
  toggle(): void;
  step(seconds: number): void;
  alert(way: 1 | -1): void;
  edge(which: 0 | 1): void;
}

/** Space plays, arrows step a second (shift: ten), [ and ] go to the previous and next alert, Home and End to the ends. */
export function onReplayKey(event: KeyboardEvent, verbs: KeyVerbs): void {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  const target = event.target instanceof HTMLElement ? event.target : null;
  const scrubs = target instanceof HTMLInputElement && target.type === "range";
  // What is typed is typed, a list's own keys are its own, and Space presses the button that has the focus.
  if (!scrubs && target?.matches("input, textarea, select") === true) return;
  if (event.key === " " && target?.matches("button, summary, a, [role=button]") === true) return;
  if (target?.closest(".map-canvas, .values") && event.key.startsWith("Arrow")) return;
  const step = event.shiftKey ? 10 : 1;
  if (event.key === " ") verbs.toggle();
  else if (event.key === "ArrowLeft") verbs.step(-step);
  else if (event.key === "ArrowRight") verbs.step(step);
  else if (event.key === "[") verbs.alert(-1);
  else if (event.key === "]") verbs.alert(1);
  else if (event.key === "Home") verbs.edge(0);
  else if (event.key === "End") verbs.edge(1);
  else return;
  event.preventDefault();
}
