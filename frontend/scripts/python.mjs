// @ts-check
/** Where the program is that the types are made from and the tests run against: this repository's own. */

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

export const ROOT = resolve(import.meta.dirname, "../..");
export const PYTHON = process.env["STRUCTURA_PYTHON"] ?? join(ROOT, ".venv/bin/python");

if (!existsSync(PYTHON)) throw new Error(`There is no ${PYTHON}; make it with 'make setup'.`);
