/** A plant that is served is connected to head office from the console. (That the exchange follows: tests/web/test_enrolment.py.) */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lan, launch } from "./browser";
import { consoleOf, visit } from "./console";
import { Server } from "./server";

let browser: Browser;
let server: Server;

beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), Server.start()]);
});

afterAll(async () => {
  await browser.close();
  await server[Symbol.asyncDispose]();
});

/** Choose a bundle; head office is where nobody answers, as on a day without a line. */
async function choose(page: Page, bundle: unknown): Promise<void> {
  const buffer = Buffer.from(typeof bundle === "string" ? bundle : JSON.stringify(bundle));
  await page.setInputFiles("main input[accept*=json]", { name: "paquete.json", mimeType: "application/json", buffer });
}

test("a plant that worked by itself is connected, and connected anew; what does not fit is said", async () => {
  const [context, page, check] = await consoleOf(browser, lan(server.port));
  await visit(page, "sync");
  const go = page.getByRole("button", { name: "Conectar", exact: true });
  await page.waitForSelector("h2:has-text('Conectar con la central')");
  for (const wrong of ["no es JSON", { machines: [] }]) {
    await choose(page, wrong);
    await page.waitForSelector("text=Este archivo no es un paquete de la central.");
    expect(await go.isDisabled()).toBe(true);
  }

  const bundle = { plantId: "sur", plantName: "Planta Sur", dsn: "postgresql://x@127.0.0.1:1/x" };
  await choose(page, bundle);
  await page.waitForSelector("text=Este paquete es de la planta «Planta Sur».");
  await go.press("Enter");
  await page.waitForSelector("dialog:has-text(\"El paquete es de la planta 'Planta Sur', no de 'Planta'.\")");
  await page.locator("dialog .primary").press("Enter");
  await page.waitForSelector(".said.good:has-text('Esta PC es ahora de la planta «Planta Sur»')");
  await page.waitForSelector("dd:has-text('Planta Sur (sur)')");
  const kept = async () => JSON.parse(await readFile(join(server.data, "bundle.json"), "utf8"));
  expect(await kept()).toEqual(bundle);

  await page.click("summary:has-text('Conectar con otro paquete')");
  await choose(page, { ...bundle, plantId: "norte" });
  await go.click();
  await page.waitForSelector(".toast:has-text(\"Esta base de datos es de la planta 'sur' de la central\")");
  const other = { ...bundle, dsn: "postgresql://y@127.0.0.1:1/x" };
  await choose(page, other);
  await go.click();
  await page.waitForSelector(".said.good:has-text('Para la central esta es ahora una PC nueva')");
  expect(await kept()).toEqual(other);
  check();
  await context.close();
});
