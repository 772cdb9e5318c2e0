// Starts the client. A file of its own because the page's Content-Security-Policy allows no
// inline script; the names of the code, hashed by trunk, come from a <meta> (see Trunk.toml).
const { js, wasm } = document.querySelector('meta[name="stellar-client"]').dataset;
// What a canvas's page shows is under way while the client still loads, which takes it from here,
// once (src/api.rs). It is read to its end, since browsers stop fetching what nobody reads. Not a
// preloading link: an answer that must not be kept is then asked for again.
const [, canvas] = /^\/canvas\/(\d+)\/*$/.exec(location.pathname) ?? [];
if (canvas) {
  const path = `/api/v1/canvases/${canvas}/snapshot`;
  const answer = fetch(path).then(async (answer) => new Response(await answer.blob(), answer));
  // Whoever takes it is told; nobody else need be.
  answer.catch(() => {});
  globalThis.stellarEarly = (asked) => {
    delete globalThis.stellarEarly;
    return asked === path ? answer : Promise.reject();
  };
}
try {
  const client = await import(js);
  await client.default({ module_or_path: wasm });
} catch (error) {
  // Without the client nobody else can say so. What it drew before it failed stays.
  if (!document.body.hasChildNodes()) {
    document.body.textContent = "Stellar Canvas could not be loaded. Please reload the page.";
  }
  throw error;
}
