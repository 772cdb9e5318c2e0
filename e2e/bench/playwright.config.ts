// The benchmarks: one after the other, alone on the machine.

import { defineConfig } from "@playwright/test";
import tests from "../playwright.config.ts";

export default defineConfig({
  ...tests,
  testDir: ".",
  testMatch: ["board.ts", "memory.ts"],
  outputDir: "../test-results",
  workers: 1,
  reporter: [["list"]],
  use: { ...tests.use, trace: "off", screenshot: "off" },
});
