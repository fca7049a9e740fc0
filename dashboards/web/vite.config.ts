import { defineConfig } from "vitest/config";

export default defineConfig({
  base: "./",
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: true,
    // Three pages: dispatch, what a pilot's phone loads (without the map), and replay.
    rolldownOptions: { input: ["index.html", "pilot.html", "replay.html"] },
    // The map is most of the weight and changes least: a file of its own, so that the browser keeps it.
    chunkSizeWarningLimit: 1200,
  },
  server: { proxy: { "/api": { target: "http://127.0.0.1:8080", ws: true } } },
  test: { css: true, include: ["tests/**/*.test.ts"], environment: "node" },
});
