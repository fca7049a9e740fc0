import { render } from "preact";
import { Gate } from "./components/gate";
import { ReplayPage } from "./replay/page";
import { Replay } from "./replay/replay";
import "./styles/tokens.css";
import "./styles/page.css";
import "./styles/replay.css";
import "./styles/again.css";
import { takeToken } from "./token";

const root = document.getElementById("app")!;
let replay: Replay | null = null;

function open(): void {
  const token = takeToken("wedgetail.token");
  replay?.stop();
  render(null, root);
  if (token === null) {
    document.documentElement.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "night" : "day";
    render(<Gate refused={null} />, root);
    return;
  }
  replay = new Replay(token);
  replay.start();
  render(<ReplayPage replay={replay} />, root);
}

// The printed address opened again in the same tab changes the fragment only.
window.addEventListener("hashchange", open);
open();
