import { render } from "preact";
import { Over } from "./pilot/over";
import { PilotPage } from "./pilot/page";
import { Store } from "./store";
import "./styles/tokens.css";
import "./styles/pilot.css";
import { takeToken } from "./token";

const root = document.getElementById("app")!;
let store: Store | null = null;

function open(): void {
  const token = takeToken("wedgetail.pilot");
  store?.stop();
  render(null, root);
  if (token === null) {
    document.documentElement.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "night" : "day";
    render(<Over refused={null} />, root);
    return;
  }
  store = new Store(token, "pilot");
  store.start();
  render(<PilotPage store={store} />, root);
}

// Another link opened in the same tab changes the fragment only.
window.addEventListener("hashchange", open);
open();

// What it keeps it keeps for speed alone: where there is none (no HTTPS, a private window) nothing else changes.
if ("serviceWorker" in navigator) navigator.serviceWorker.register("./worker.js").catch(() => undefined);
