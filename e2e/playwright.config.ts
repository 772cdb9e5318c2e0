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
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: report ? [["list"], ["json", { outputFile: report }]] : [["list"]],
  use: {
    browserName: "chromium",
    viewport: { width: 1280, height: 800 },
    // Of failures, in test-results/.
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
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
