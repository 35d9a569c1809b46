/** Once a run: a plant to copy, and the test's app, built as the plant's own app is: by Vite, for each way to run. */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "vite";
import { makeTemplate } from "./server";

export default async function setup(): Promise<() => Promise<void>> {
  const template = await makeTemplate();
  process.env["STRUCTURA_TEMPLATE"] = template;
  for (const useApi of ["true", "false"]) {
    process.env["VITE_USE_API"] = useApi;
    await build({
      root: join(import.meta.dirname, "app"),
      configFile: false,
      logLevel: "warn",
      build: { outDir: join(template, `app-${useApi}`), emptyOutDir: true },
    });
  }
  delete process.env["VITE_USE_API"];
  return () => rm(template, { recursive: true, force: true });
}
