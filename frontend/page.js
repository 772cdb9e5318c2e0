// Runs before the page is painted for the first time, therefore no module. A separate file, since
// the Content-Security-Policy allows no inline script.
{
  const root = document.documentElement;
  // The theme that was chosen, see src/components/theme.rs.
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch {
    // Storage is blocked. The system's theme is used.
  }
  // The language: the one that was chosen, see src/i18n/language.rs, or else the first of the
  // browser's that there is. Its texts are fetched while the client is loaded, so that nothing is
  // shown in another language first. If they cannot be had, the page is shown in English.
  let wanted = navigator.languages ?? [navigator.language];
  try {
    wanted = [localStorage.getItem("language"), ...wanted];
  } catch {
    // Storage is blocked.
  }
  const catalogs = [...document.querySelectorAll("script[lang]")];
  const [english] = catalogs;
  const inLanguage = (tag) => catalogs.find(({ lang }) => lang === tag?.split(/[-_]/)[0].toLowerCase());
  const chosen = wanted.map(inLanguage).find(Boolean) ?? english;
  const fetchTexts = async ({ lang, dir, src }) => {
    root.lang = lang;
    root.dir = dir;
    const answer = await fetch(src);
    if (!answer.ok) throw new Error(`${src}: ${answer.status}`);
    return answer.json();
  };
  globalThis.stellarTexts = fetchTexts(chosen).catch(() => fetchTexts(english));
  // boot.js handles the error; this avoids an "unhandled rejection".
  globalThis.stellarTexts.catch(() => {});
  // Which page is being loaded, for the placeholder in index.html.
  const path = location.pathname;
  const isPlain = /^\/(inbox|messages|moderation)(\/|$)/.test(path);
  root.dataset.page = path.startsWith("/canvas/") ? "canvas" : isPlain ? "plain" : "start";
  // Where the keyboard on the screen lies over the page instead of making it smaller (Safari on
  // iOS), the page is placed into the part that is still visible. It is not a zoom with two fingers,
  // and not the address bar, which is lower.
  const view = globalThis.visualViewport;
  const lowestKeyboard = 120;
  const place = () => {
    const covered = root.clientHeight - view.height;
    const isKeyboard = view.scale < 1.01 && covered > lowestKeyboard;
    const edge = (name, length) => root.style.setProperty(name, isKeyboard ? `${length}px` : "");
    edge("--view-top", view.offsetTop);
    edge("--view-bottom", Math.max(0, covered - view.offsetTop));
  };
  for (const event of view ? ["resize", "scroll"] : []) view.addEventListener(event, place);
}
