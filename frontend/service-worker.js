// Keeps the client's files, and nothing else, so that the page can be reloaded without a network.
// What the server says (/api) is never kept.
//
// Whoever has a network gets everything from the server, as without this worker: the newest page,
// and the files that it names. The kept ones are used where the server does not answer. They are
// kept by version, a page and its files together, and a version counts only once it is complete, so
// that no page ever runs with the files of another one.

/** What the names of the caches begin with; the rest is a hash of the page. */
const PREFIX = "stellar-client-";
/** One page stands for all: the client has a router of its own. */
const PAGE = "/";
/** The newest one, and the one that open tabs may still run. */
const VERSIONS = 2;
/** Milliseconds after which a server that does not answer counts as away. */
const NETWORK_TIMEOUT_MS = 5_000;
/** Paths of files; pages have no extension. */
const FILES = /\.\w+$/;
/** Paths that are no pages and no files of the client. */
const SERVERS = /^\/(api|healthz|readyz|metrics)(\/|$)/;
const ANY_VARIANT = { ignoreVary: true };

addEventListener("install", (event) => {
  // Requests to the API need not wake this worker, where the browser can be told so.
  const direct = async () =>
    event.addRoutes?.({ condition: { urlPattern: "/api/*" }, source: "network" });
  event.waitUntil(Promise.all([direct().catch(() => {}), keep(fetch(PAGE)), skipWaiting()]));
});

addEventListener("activate", (event) => {
  event.waitUntil(Promise.resolve(registration.navigationPreload?.enable()));
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || SERVERS.test(pathname)) return;
  const isPage = request.mode === "navigate" && !FILES.test(pathname);
  event.respondWith(isPage ? page(event) : file(request));
});

/** The page from the server, or the kept one where the server is away. */
async function page(event) {
  const answer = fromServer(event);
  // Also when the kept page is shown meanwhile, a new one is kept for the next time.
  event.waitUntil(answer.catch(() => {}));
  try {
    const first = await Promise.race([answer, networkTimeout()]);
    if (first && first.status < 500) return first;
    return (await keptPage()) ?? (await answer);
  } catch (error) {
    const kept = await keptPage();
    if (kept) return kept;
    throw error;
  }
}

async function fromServer(event) {
  const answer = (await event.preloadResponse) ?? (await fetch(event.request));
  if (answer.ok) event.waitUntil(keep(answer.clone()).catch(() => {}));
  return answer;
}

function networkTimeout() {
  return new Promise((late) => setTimeout(late, NETWORK_TIMEOUT_MS));
}

/** A file from the server or the browser's cache, or the kept one where there is none any more. */
async function file(request) {
  const kept = () => caches.match(request.url, ANY_VARIANT);
  try {
    const answer = await fetch(request);
    return answer.ok ? answer : ((await kept()) ?? answer);
  } catch (error) {
    const answer = await kept();
    if (answer) return answer;
    throw error;
  }
}

/** The caches with a version of the client, oldest first. */
async function versions() {
  return (await caches.keys()).filter((name) => name.startsWith(PREFIX));
}

/** The page of the newest version that is complete. */
async function keptPage() {
  for (const name of (await versions()).reverse()) {
    const kept = await caches.match(PAGE, { cacheName: name, ...ANY_VARIANT });
    if (kept) return kept;
  }
  return undefined;
}

/** Keeps the version of a page that the server sent, and forgets old ones. */
async function keep(sent) {
  const answer = await sent;
  const html = await answer.clone().text();
  // Something on the way may answer in place of the server.
  if (!/name=["']?stellar-client/.test(html)) return;
  const name = PREFIX + (await digest(html));
  const isWhole = await caches.match(PAGE, { cacheName: name, ...ANY_VARIANT });
  if (isWhole && (await versions()).at(-1) === name) return;
  await caches.delete(name);
  const cache = await caches.open(name);
  try {
    await cache.addAll(filesOf(html));
    // Last: it says that the version is complete.
    await cache.put(PAGE, answer);
  } catch (error) {
    await caches.delete(name);
    throw error;
  }
  const old = (await versions()).slice(0, -VERSIONS);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** The files that a page names: attributes and entries that are a path with an extension. */
function filesOf(html) {
  const found = html.matchAll(/[=,\s"'](\/[\w./-]+\.\w+)(?=["'\s>,])/g);
  return [...new Set(Array.from(found, ([, path]) => path))].filter((path) => !SERVERS.test(path));
}

async function digest(text) {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(bytes).slice(0, 8), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
