import { usePage } from "./context";

/** A acknowledges, Enter shows, R replays, the arrows go to the next card: on the focused card only, never from a field. */
export function useCardKeys(acknowledge: () => void, show: () => void, replay: () => void = () => undefined): (event: KeyboardEvent) => void {
  const { preferences } = usePage();
  return (event) => {
    if (!preferences.keys || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    if (event.target instanceof HTMLInputElement) return;
    const onCard = event.target === event.currentTarget;
    if (event.key.toLowerCase() === "a") acknowledge();
    else if (event.key === "Enter" && onCard) show();
    else if (event.key.toLowerCase() === "r") replay();
    else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && onCard) goOn(event);
    else return;
    event.preventDefault();
  };
}

function goOn(event: KeyboardEvent): void {
  const cards = [...document.querySelectorAll<HTMLElement>(".card")];
  const here = cards.indexOf(event.currentTarget as HTMLElement);
  cards[here + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
}
