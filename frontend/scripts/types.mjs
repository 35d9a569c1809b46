// @ts-check
/**
 * `npm run types`: src/openapi.ts from the server's OpenAPI document, as the program in this repository has it.
 * The test in test/types.test.ts fails while the file is another.
 */

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";
import { PYTHON, ROOT } from "./python.mjs";

const HEADER = "// Made by `npm run types` from the server's OpenAPI document; do not edit.\n\n";

const EXPORT = `
import json
from pathlib import Path
from structura_local.settings import Settings
from structura_local.web.openapi.document import document
from structura_local.web.routes import routes
print(json.dumps(document(routes(Settings(data_dir=Path())))))
`;

export const FILE = resolve(import.meta.dirname, "../src/openapi.ts");

/** What the file has to say. */
export async function generated() {
  const env = { ...process.env, PYTHONPATH: ROOT };
  const text = execFileSync(PYTHON, ["-c", EXPORT], { env, encoding: "utf8", maxBuffer: 2 ** 26 });
  const { openapi, info, components } = JSON.parse(text);
  const document = { openapi, info, paths: {}, components: { schemas: components.schemas } }; // what src/ uses of it
  return HEADER + astToString(await openapiTS(document, { defaultNonNullable: false, silent: true }));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) writeFileSync(FILE, await generated());
