import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

/** A pointer parked on the list, or a focus left there, must not hold news back for ever. */
const IDLE_MS = 20_000;

/**
 * Whether a list must keep its places: a pointer is over it, or the keyboard's focus is in it, and the person was active in
 * the last 20 s. The focus that a click leaves behind does not count once the pointer has gone.
 */
export function useFrozen(list: RefObject<HTMLElement | null>): boolean {
  const [frozen, setFrozen] = useState(false);
  const inside = useRef(false);
  useEffect(() => {
    const element = list.current;
    if (element === null) return;
    let timer = 0;
    const decide = (): void => {
      const focused = element.querySelector(":focus-visible") !== null;
      const now = document.hasFocus() ? inside.current || focused : inside.current;
      setFrozen(now);
      window.clearTimeout(timer);
      if (now) timer = window.setTimeout(() => setFrozen(false), IDLE_MS);
    };
    const enter = (): void => {
      inside.current = true;
      decide();
    };
    const leave = (): void => {
      inside.current = false;
      decide();
    };
    // Focus has moved only after the event.
    const later = (): void => void window.setTimeout(decide, 0);
    element.addEventListener("pointermove", enter);
    element.addEventListener("pointerleave", leave);
    element.addEventListener("focusin", later);
    element.addEventListener("focusout", later);
    element.addEventListener("keydown", decide);
    window.addEventListener("blur", leave);
    return () => {
      window.clearTimeout(timer);
      element.removeEventListener("pointermove", enter);
      element.removeEventListener("pointerleave", leave);
      element.removeEventListener("focusin", later);
      element.removeEventListener("focusout", later);
      element.removeEventListener("keydown", decide);
      window.removeEventListener("blur", leave);
    };
  }, [list]);
  return frozen;
}
