// How the browser tests run. `cargo xtask e2e` sets the STELLAR_… variables.

import { defineConfig } from "@playwright/test";

const report = process.env.STELLAR_REPORT;

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  // Two workers, each with a server of its own, fill a small machine.
  workers: 2,
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  // A test that passes only the second time has found something.
  retries: 0,
  // Generous: only what fails, or a busy machine, takes so long.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: report ? [["list"], ["json", { outputFile: report }]] : [["list"]],
  // Every journey runs on a desktop; those with the tag @phone on a phone too, those with @touch
  // there alone.
  projects: [
    { name: "desktop", grepInvert: /@touch/, use: { viewport: { width: 1440, height: 900 } } },
    {
      name: "phone",
      grep: /@phone|@touch/,
      use: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
    },
  ],
  use: {
    browserName: "chromium",
    // Times and numbers are written as here, on whatever machine.
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    // The view jumps instead of flying; tests need not wait for it.
    contextOptions: { reducedMotion: "reduce" },
    // What is not there after this will not come.
    actionTimeout: 20_000,
    // Routes of a test do not see what a worker asks for. offline.spec.ts has it.
    serviceWorkers: "block",
    // Of failures, in test-results/. A film of every test would make all of them slower.
    screenshot: "only-on-failure",
    trace: { mode: "retain-on-failure", screenshots: false },
    launchOptions: {
      executablePath: process.env.STELLAR_CHROMIUM ?? "/usr/bin/chromium",
      // Playwright itself adds --no-sandbox, without which Chromium does not run as root.
      args: [
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
