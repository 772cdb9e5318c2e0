// A language that nobody speaks, made from the English texts: each message is longer, has marks
// above its letters, and stands in brackets. What is not in brackets is not translated.

import type { BrowserContext, Page } from "@playwright/test";
import type { Server } from "./server.ts";

/** Whose catalogs and `Intl` formats are used: their dates and numbers have no Latin letters. */
const replaced = { ltr: "ja", rtl: "ar" } as const;
export type Direction = keyof typeof replaced;

const marked: Record<string, string> = {
  a: "áá", e: "éé", i: "íí", o: "óó", u: "úú", A: "ÁÁ", E: "ÉÉ", I: "ÍÍ", O: "ÓÓ", U: "ÚÚ",
};

/** What a browser of somebody who speaks it has. */
export function localeOf(direction: Direction): string {
  return replaced[direction] === "ja" ? "ja-JP" : "ar-EG";
}

/** Lets the pages of a browser be in the pseudo language. */
export async function speakPseudo(
  context: BrowserContext,
  server: Server | { url: string },
  direction: Direction,
): Promise<void> {
  const index = await (await context.request.get(`${server.url}/`)).text();
  const english = /src="?([^" >]*\/en-[^" >]*\.json)/.exec(index)?.[1];
  if (!english) throw new Error("the page names no English catalog");
  const catalog = (await (await context.request.get(`${server.url}${english}`)).json()) as string[];
  // The first element is no text.
  const texts = catalog.map((text, at) => (at === 0 ? text : `⟦${lengthen(text)}⟧`));
  const asked = new RegExp(`/${replaced[direction]}-[0-9a-f]+\\.json$`);
  await context.route(asked, (route) => route.fulfill({ json: texts }));
}

/** A pattern of the crate `message-catalog` with longer words; its variables stay. */
function lengthen(pattern: string): string {
  let written = "";
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at] as string;
    if (character === "\\") {
      written += pattern.slice(at, at + 2);
      at += 1;
    } else if (character === "{") {
      const end = closing(pattern, at);
      written += `{${variable(pattern.slice(at + 1, end))}}`;
      at = end;
    } else {
      written += marked[character] ?? character;
    }
  }
  return written;
}

/** `0`, or `0?one{…}other{…}`. */
function variable(inside: string): string {
  const [index, ...others] = inside.split("?");
  if (others.length === 0) return inside;
  let variants = others.join("?");
  let written = `${index}?`;
  while (variants !== "") {
    const open = variants.indexOf("{");
    const end = closing(variants, open);
    written += `${variants.slice(0, open)}{${lengthen(variants.slice(open + 1, end))}}`;
    variants = variants.slice(end + 1);
  }
  return written;
}

function closing(text: string, open: number): number {
  for (let at = open + 1, depth = 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "{") depth += 1;
    else if (text[at] === "}" && --depth === 0) return at;
  }
  throw new Error(`no closing brace: ${text}`);
}

/** What people wrote, the names of languages and keys, and what a browser formats. */
const notOurs =
  "script, style, noscript, time, kbd, option[lang], bdi, [translate=yes], [dir=auto], .avatar, .thumbnail";

/** Names that are the same in every language. */
const names = /PICO-8|Sweetie 16|Game Boy/g;

/** Words on the page that are in no message. */
export async function untranslated(page: Page): Promise<string[]> {
  return page.evaluate(([notOurs, names]) => {
    const isForeign = (text: string) => {
      let rest = text.replace(new RegExp(names, "g"), "");
      // Messages may stand in others.
      for (let before = ""; before !== rest; ) {
        before = rest;
        rest = rest.replace(/⟦[^⟦⟧]*⟧/gu, "");
      }
      return /[A-Za-z]{2}/.test(rest);
    };
    const found = isForeign(document.title) ? [`title: ${document.title}`] : [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.textContent ?? "";
      if (!node.parentElement?.closest(notOurs) && isForeign(text)) found.push(text.trim());
    }
    for (const name of ["aria-label", "title", "placeholder", "alt", "aria-valuetext"]) {
      for (const element of document.querySelectorAll(`body [${name}]`)) {
        const text = element.getAttribute(name) ?? "";
        const isName = element.matches("[dir=auto]");
        if (!isName && isForeign(text)) found.push(`${name}: ${text}`);
      }
    }
    return found;
  }, [notOurs, names.source] as const);
}

/** Texts that are not shown whole: outside of the window, or of an element that hides the rest. */
export async function cutOff(page: Page): Promise<string[]> {
  return page.evaluate((notOurs) => {
    const found: string[] = [];
    const { scrollWidth } = document.documentElement;
    if (scrollWidth > innerWidth) found.push(`the page is ${scrollWidth} wide`);
    const hides = (value: string) => value === "hidden" || value === "clip";
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement;
      if (!parent || !node.textContent?.trim()) continue;
      if (parent.closest(`${notOurs}, .sr-only, [hidden], select, svg`)) continue;
      if (!parent.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      range.selectNodeContents(node);
      const text = range.getBoundingClientRect();
      if (text.width < 1) continue;
      const tell = (why: string) => found.push(`${why}: ${node.textContent?.trim()}`);
      for (let box: Element | null = parent; box && box !== document.body; box = box.parentElement) {
        const style = getComputedStyle(box);
        const scrolls = /auto|scroll/.test(style.overflowX + style.overflowY);
        const edge = box.getBoundingClientRect();
        if (style.display !== "inline" && style.display !== "contents" && box === parent) {
          if (text.left < edge.left - 1.5 || text.right > edge.right + 1.5) tell("spills");
        }
        if (hides(style.overflowX) && (text.left < edge.left - 1 || text.right > edge.right + 1)) {
          tell(`cut by ${box.className}`);
          break;
        }
        // What is scrolled to may lie outside of its box and of the window.
        if (scrolls) break;
        if (style.position === "fixed" || box.parentElement === document.body) {
          if (text.left < -1 || text.right > innerWidth + 1) tell("outside of the window");
        }
      }
    }
    return found;
  }, notOurs);
}
