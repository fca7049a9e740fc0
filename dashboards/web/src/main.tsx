import { render } from "preact";
import { App } from "./components/app";
import { Gate } from "./components/gate";
import { Store } from "./store";
import "./styles/tokens.css";
import "./styles/page.css";
import "./styles/print.css";
import { takeToken } from "./token";

const root = document.getElementById("app")!;
let store: Store | null = null;

function open(): void {
  const token = takeToken("wedgetail.token");
  store?.stop();
  render(null, root);
  if (token === null) {
    document.documentElement.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "night" : "day";
    render(<Gate refused={null} />, root);
    return;
  }
  store = new Store(token);
  store.start();
  render(<App store={store} />, root);
}

// The printed address opened again in the same tab changes the fragment only.
window.addEventListener("hashchange", open);
open();
