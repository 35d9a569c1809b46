/** The types are those of the server that they are for. */

import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { FILE, generated } from "../scripts/types.mjs";

it("src/openapi.ts is what the server's OpenAPI document says; if not: npm run types", async () => {
  expect(await readFile(FILE, "utf8")).toBe(await generated());
});
