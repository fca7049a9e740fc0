// The service worker: keeps files whose names hold a hash of what is in them, and nothing else. Pages always come from the
// server, and so does everything under /api: what is shown there is live, or the page says that it is not.

const CACHE = "wedgetail-files";
const MOST = 60; // files of earlier builds go first

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  const folder = new URL("./assets/", self.registration.scope);
  const hashed = address.origin === folder.origin && address.pathname.startsWith(folder.pathname);
  if (event.request.method === "GET" && hashed) event.respondWith(kept(event.request));
});

async function kept(request) {
  const cache = await caches.open(CACHE);
  const held = await cache.match(request);
  if (held !== undefined) return held;
  const response = await fetch(request);
  if (response.ok) {
    await cache.put(request, response.clone());
    const all = await cache.keys();
    await Promise.all(all.slice(0, Math.max(0, all.length - MOST)).map((one) => cache.delete(one)));
  }
  return response;
}
