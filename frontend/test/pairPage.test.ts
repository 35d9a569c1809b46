/** /pair in Chromium: a code typed on a small screen's keyboard, and what a PIN is worth before and after. */

import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { lan, launch, open } from "./browser";
import { PEOPLE, Server } from "./server";

let browser: Browser;
let server: Server;
let context: BrowserContext;
let page: Page;
let noErrors: () => void;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());
beforeEach(async () => {
  server = await Server.start({ settings: "require_paired_terminals = true\n" });
});
afterEach(async () => {
  await context.close();
  await server[Symbol.asyncDispose]();
  noErrors();
});

async function visit(locale: string): Promise<void> {
  context = await browser.newContext({ locale, viewport: { width: 320, height: 568 } });
  [page, noErrors] = await open(context);
  await page.goto(`${lan(server.port)}/pair`);
}

/** Type and send, as with a keyboard alone. */
async function type(code: string): Promise<void> {
  await page.keyboard.type(code);
  await page.keyboard.press("Enter");
}

/** The status of a login from this page. */
function login(): Promise<number> {
  return page.evaluate(async (pin) => {
    const headers = { "Content-Type": "application/json" };
    return (await fetch("/api/auth/login", { method: "POST", headers, body: JSON.stringify({ pin }) })).status;
  }, PEOPLE.operator.pin);
}

describe("the page that pairs a terminal", () => {
  it("pairs this browser, so that a PIN is good here, and stays good after a restart", async () => {
    await visit("es-AR");
    expect(await login()).toBe(403);
    await type(await server.code("Tablet ñ"));
    await page.getByText("Vinculado como Tablet ñ.").waitFor();
    expect(await login()).toBe(200);
    expect(await page.evaluate(() => document.cookie)).toBe("");
    await server.kill();
    await server.restart();
    expect(await login()).toBe(200);
  });

  it("says what is wrong with a code, and takes the next one", async () => {
    await visit("en-GB");
    await type("0000-0000");
    await page.getByText("ask an administrator for a new one").waitFor();
    await type(await server.code("Tablet"));
    await page.getByText("Paired as Tablet.").waitFor();
    expect(await page.locator("#done").isVisible()).toBe(false); // this server has no application to go to
  });

  it("says so when the server is not there, and works when it is back", async () => {
    await visit("es");
    const code = await server.code("Tablet");
    await server.kill();
    await type(code);
    await page.getByText("No se pudo hablar con el servidor").waitFor();
    await server.restart();
    await page.keyboard.press("Enter");
    await page.getByText("Vinculado como Tablet.").waitFor();
  });

  it("fits a small screen", async () => {
    await visit("es");
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  });
});
