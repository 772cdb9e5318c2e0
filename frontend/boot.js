// Starts the client. A file of its own because the page's Content-Security-Policy allows no
// inline script; the names of the code, hashed by trunk, come from a <meta> (see Trunk.toml).
const { js, wasm } = document.querySelector('meta[name="stellar-client"]').dataset;
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
