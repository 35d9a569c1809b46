/** What the console says of a disk that takes nothing any more, with a real server on one that fails. */

import { execFileSync } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PYTHON, ROOT } from "../scripts/python.mjs";
import { lan, launch } from "./browser";
import { consoleOf } from "./console";
import { Server } from "./server";

const BUILD = "import sys, pathlib; from tests.system.faulty import built; built(pathlib.Path(sys.argv[1]))";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

afterAll(async () => {
  await browser.close();
});

test.skipIf(process.platform !== "linux").each([
  ["es", "El disco de los datos es de solo lectura", "o reinicie el equipo"],
  ["en", "The disk of the data is read-only", "or restart the machine"],
])(
  "read-only: the overview says so, and what mends it, until it takes writes again (%s)",
  async (locale, said, mending) => {
    await using server = await Server.start();
    execFileSync(PYTHON, ["-c", BUILD, server.data], { cwd: ROOT });
    const isReadOnly = join(server.data, "read-only");
    const disk = { LD_PRELOAD: join(server.data, "disk.so"), FAULTY_UNDER: server.data, FAULTY_READ_ONLY: isReadOnly };
    await server.stop();
    await server.restart(disk);
    const [context, page, check] = await consoleOf(browser, lan(server.port), { locale });
    const write = () =>
      page.evaluate(async () => {
        const { token } = JSON.parse(sessionStorage.getItem("structura-session") ?? "{}");
        const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
        return (await fetch("/api/clients", { method: "POST", headers, body: '{"name": "Casa"}' })).status;
      });
    await page.waitForSelector("main .tile");
    expect(await page.locator("main .said.bad").count()).toBe(0);
    await writeFile(isReadOnly, "");
    expect(await write()).toBe(503);
    const warning = page.locator("main .said.bad", { hasText: said });
    await warning.waitFor();
    expect(await warning.textContent()).toContain(mending);
    await rm(isReadOnly);
    expect(await write()).toBe(201);
    await warning.waitFor({ state: "detached" });
    check();
    await context.close();
  },
);
