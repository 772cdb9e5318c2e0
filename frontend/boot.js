// Starts the client. A separate file, since the Content-Security-Policy allows no inline script.
// The names of the code files, with trunk's hashes, come from a <meta> (see Trunk.toml).
const files = document.querySelector('meta[name="stellar-client"]').dataset;
const { js, wasm } = files;
// On the page of a canvas, the snapshot is requested while the client is still loading; the client
// takes the response once (src/api.rs). The response is read to its end, since browsers stop
// fetching a body that nobody reads. Not <link rel="preload">, which would request a response that
// must not be cached a second time.
const [, canvas] = /^\/canvas\/(\d+)\/*$/.exec(location.pathname) ?? [];
// What the client will ask for first, where it is split (frontend/src/lazy.rs).
const page = canvas ? files.canvas : location.pathname === "/" ? files.start : files.panels;
for (const file of page?.split(" ") ?? []) {
  const link = document.createElement("link");
  link.rel = "preload";
  link.as = "fetch";
  link.type = "application/wasm";
  link.crossOrigin = "";
  link.href = file;
  document.head.append(link);
}
if (canvas) {
  const path = `/api/v1/canvases/${canvas}/snapshot`;
  const signal = AbortSignal.timeout?.(120_000);
  const answer = fetch(path, { signal }).then(async (answer) => new Response(await answer.blob(), answer));
  // The client handles the error; this avoids an "unhandled rejection".
  answer.catch(() => {});
  globalThis.stellarEarly = (asked) => {
    delete globalThis.stellarEarly;
    return asked === path ? answer : Promise.reject();
  };
}
// Browsers show a file that is dropped on a page in its place. The client handles some of them once
// its panels are there (src/components/import.rs); all others, and those before, are ignored. What
// is dragged as text, too, such as a picture of another page, is left to text fields.
for (const type of ["dragover", "drop"]) {
  addEventListener(type, (event) => {
    const types = event.dataTransfer?.types ?? [];
    const isText = types.some((one) => one.startsWith("text/"));
    const onField = event.target.closest?.("input, textarea, [contenteditable]");
    if (types.includes("Files") && !(isText && onField)) event.preventDefault();
  });
}
// The texts in the language of the page, see page.js. The first two messages are for this file.
let failed = "Stellar Canvas could not be loaded. Please reload the page.";
const texts = globalThis.stellarTexts.then((texts) => {
  const [, loading, loadingFailed] = texts;
  const shown = document.querySelector(".loading__text");
  if (shown) shown.textContent = loading;
  failed = loadingFailed;
  globalThis.stellarTexts = texts;
});
try {
  const [client] = await Promise.all([import(js), texts]);
  await client.default({ module_or_path: wasm });
} catch (error) {
  // If the client has not rendered anything yet, this is the only message.
  const loading = document.getElementById("loading");
  if (loading) {
    loading.className = "loading-failed";
    loading.textContent = failed;
  }
  throw error;
}
// Keeps the client's files for a reload without a network, see service-worker.js. Browsers have no
// workers on insecure origins, and refuse them where storage is blocked.
const workers = navigator.serviceWorker;
workers?.register("/service-worker.js", { updateViaCache: "none" }).catch(() => {});
