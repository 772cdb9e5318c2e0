import { type User, type Canvas, expect, test } from "../fixtures.ts";
const tile = { x: 2, y: 2 };
const line = (y: number) => Array.from({ length: 12 }, (_, x) => ({ x: x+2, y }));
for (const [name, opts] of [["dark",{viewport:{width:1440,height:900},colorScheme:"dark"}],["light",{viewport:{width:1024,height:768},colorScheme:"light"}],["phone",{viewport:{width:390,height:844},isMobile:true,hasTouch:true,colorScheme:"dark"}]] as const) {
test(`shots ${name}`, async ({ alice, bob, newUser, canvas }) => {
  test.setTimeout(200000);
  for (let n = 0; n < 4; n++) { await alice.paints(canvas, tile, 3+n, line(1+3*n)); await bob.paints(canvas, tile, 9+n, line(2+3*n)); await alice.paints(canvas, {x:4,y:3}, 5, line(2+3*n)); }
  const u = await newUser("Carla", opts as never);
  const tab = await u.open(canvas, "?tile=2,2");
  await tab.show("Tile");
  const slider = tab.page.getByRole("slider", { name: "Change" });
  await slider.focus(); 
  await tab.page.waitForTimeout(800);
  await tab.page.screenshot({ path: `/tmp/shots/${name}-now.png` });
  for (let n=0;n<3;n++) await slider.press("ArrowLeft");
  await tab.page.waitForTimeout(500);
  await tab.page.screenshot({ path: `/tmp/shots/${name}-past.png` });
  await tab.page.getByRole("button", { name: "Share as GIF" }).click();
  await expect(tab.page.getByRole("img", { name: /^How tile/ })).toBeVisible();
  await tab.page.waitForTimeout(500);
  await tab.page.screenshot({ path: `/tmp/shots/${name}-gif.png` });
  await tab.page.keyboard.press("Escape");
  await tab.page.getByRole("button", { name: "Menu" }).click();
  await tab.page.waitForTimeout(200);
  await tab.page.screenshot({ path: `/tmp/shots/${name}-menu.png` });
  await tab.page.getByRole("button", { name: "Export…" }).click();
  await tab.page.waitForTimeout(800);
  await tab.page.screenshot({ path: `/tmp/shots/${name}-export.png` });
  const p = tab.page.getByRole("dialog", { name: "Export" });
  await p.getByRole("radio", { name: "An area" }).check();
  await p.getByRole("radio", { name: "APNG" }).check();
  await tab.page.waitForTimeout(1200);
  await tab.page.screenshot({ path: `/tmp/shots/${name}-area.png` });
  await p.getByRole("button", { name: "Make the file" }).click();
  await expect(tab.page.getByRole("region", { name: "File of the past" })).toContainText("Ready");
  await tab.page.screenshot({ path: `/tmp/shots/${name}-card.png` });
});
}
