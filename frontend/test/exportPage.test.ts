/** /export-local-data in Chromium: out of the browser into a file, and from the file into the server. */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Browser, BrowserContext, Download, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ROOT } from "../scripts/python.mjs";
import { lan, launch, open } from "./browser";
import { PEOPLE, Server, until } from "./server";

const KEY = "structura_erp_factory_data_v3";
const OLD = {
  machines: [{ id: "M-77", name: "Vieja", type: "PINTURA" }],
  jobs: [
    { id: "J-77", projectId: "P-77", machineType: "PINTURA", productName: "Ñandú", targetQuantity: "12", unit: "m" },
  ],
  projects: [
    { id: "P-77", name: "Antiguo", deadline: "2030-01-01" },
    { id: "P-78", name: "Sin fecha" },
  ],
  users: [{ id: "U-77", name: "Vera", role: "OPERATOR", pin: "7070" }],
};

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
  server = await Server.start({ frontend: join(process.env["STRUCTURA_TEMPLATE"] ?? "", "app-true") });
  await visit("es");
});
afterEach(async () => {
  await context.close();
  await server[Symbol.asyncDispose]();
  noErrors();
});

async function visit(locale: string): Promise<void> {
  await context?.close();
  context = await browser.newContext({ locale });
  [page, noErrors] = await open(context);
}

/** The page, in a browser where the former application has kept this at the same address. */
async function openWith(kept: string | null): Promise<void> {
  await page.goto(lan(server.port));
  if (kept !== null) await page.evaluate(([key, text]) => localStorage.setItem(key, text), [KEY, kept] as const);
  await page.goto(`${lan(server.port)}/export-local-data`);
}

/** What a click downloads. */
async function downloaded(click: () => Promise<unknown>, from: Page = page): Promise<[string, string]> {
  const [download]: [Download, unknown] = await Promise.all([from.waitForEvent("download"), click()]);
  return [download.suggestedFilename(), await readFile(await download.path(), "utf8")];
}

const shown = (id: string): Promise<boolean> => page.locator(`#${id}`).isVisible();
const appears = (id: string): Promise<void> => page.locator(`#${id}`).waitFor({ state: "visible" });
const quantities = async (): Promise<Record<string, unknown[]>> => JSON.parse(await server.export());

async function check(pin: string): Promise<void> {
  await page.fill("#pin", pin);
  await page.click("#check button");
}

describe("at the address where the former application was", () => {
  it("downloads exactly what the application kept, under the name that the import knows", async () => {
    const text = JSON.stringify(OLD);
    await openWith(text);
    await appears("found");
    expect(await shown("missing")).toBe(false);
    expect(await page.locator("#counts tr").allInnerTexts()).toContain("projects\t2");
    expect(await downloaded(() => page.click("#download"))).toEqual(["structura-export.json", text]);
  });

  it("uploads: a dry run first, which changes nothing, then for good; and is logged out after", async () => {
    await openWith(JSON.stringify(OLD));
    const before = await quantities();
    await check(PEOPLE.admin.pin);
    await appears("confirmation");
    expect(await page.locator("#report tr").allInnerTexts()).toContain("machines\t1\t1\t0\t0\t0\t0\t0");
    const details = await page.locator("#details").innerText();
    expect(details).toContain("rechazados: projects P-78");
    expect(details).toContain("corregidos: jobs J-77");
    expect(await quantities()).toEqual(before);

    const loggedOut = page.waitForResponse((response) => response.url().endsWith("/api/auth/logout"));
    await page.click("#import");
    await until(async () => (await page.innerText("#verdict")).startsWith("Importado."), "the verdict");
    expect(await shown("confirmation")).toBe(false);
    const token = (await (await loggedOut).request().headerValue("authorization")) ?? "";
    const me = await fetch(`${server.url}/api/auth/me`, { headers: { Authorization: token } });
    expect(me.status).toBe(401);
    const after = await quantities();
    expect(after["jobs"]).toContainEqual(
      expect.objectContaining({ id: "J-77", productName: "Ñandú", targetQuantity: 12 }),
    );
    expect(after["users"]).toContainEqual(expect.objectContaining({ id: "U-77", name: "Vera" }));
    expect(await page.evaluate((key) => localStorage.getItem(key), KEY)).toBe(JSON.stringify(OLD));
  });

  it("lets nobody but an administrator upload, and says so in their language", async () => {
    await openWith(JSON.stringify(OLD));
    await check("0000");
    await appears("failure");
    expect(await page.innerText("#failure")).toBe("PIN incorrecto.");
    await check(PEOPLE.operator.pin);
    await until(async () => (await page.innerText("#failure")).includes("OPERATOR"), "the refusal");
    expect(await shown("confirmation")).toBe(false);
    await page.click("[data-language=en]");
    await check("0000");
    await until(async () => (await page.innerText("#failure")) === "Wrong PIN.", "the refusal in English");
  });

  it("says that the server is gone, and goes on when it is back", async () => {
    await openWith(JSON.stringify(OLD));
    await check(PEOPLE.admin.pin);
    await appears("confirmation");
    await server.kill();
    await page.click("#import");
    await appears("failure");
    expect(await page.innerText("#failure")).toContain("No se pudo hablar con el servidor");
    await server.restart();
    await check(PEOPLE.admin.pin);
    await appears("confirmation");
    await page.click("#import");
    await until(async () => (await page.innerText("#verdict")).startsWith("Importado."), "the verdict");
  });

  it("says what is wrong with what is kept", async () => {
    const broken = { "{": "no es JSON válido.", "[1]": "ninguna", null: "ninguna", '{"jobs": 1}': "ninguna" };
    for (const [kept, reason] of Object.entries(broken)) {
      await openWith(kept);
      await appears("unreadable");
      expect(await page.innerText("#unreadable"), kept).toContain(reason);
      expect([await shown("found"), await shown("upload")]).toEqual([false, false]);
    }
  });
});

describe("at another address", () => {
  it("explains what to do at the old one, whose line downloads the file that is then chosen here", async () => {
    await openWith(null);
    await appears("missing");
    expect(await page.innerText("#missing")).toContain(lan(server.port));
    const snippet = await page.inputValue("#snippet");
    const bookmark = (await page.locator("#bookmarklet").getAttribute("href")) ?? "";
    expect(decodeURIComponent(bookmark)).toBe(`javascript:${snippet}`);

    const former = createServer((_, response) => response.end("<title>Antes</title>")).listen(0, "127.0.0.1");
    const old = await context.newPage();
    await old.goto(lan((former.address() as AddressInfo).port, "vieja.test"));
    const text = JSON.stringify(OLD);
    await old.evaluate(([key, data]) => localStorage.setItem(key, data), [KEY, text] as const);
    const [name, content] = await downloaded(() => old.evaluate(snippet), old);
    former.close();
    expect([name, content]).toEqual(["structura-export.json", text]);

    await page.setInputFiles("#file", { name, mimeType: "application/json", buffer: Buffer.from(content) });
    await appears("upload");
    await check(PEOPLE.admin.pin);
    await appears("confirmation");
    expect(await page.locator("#report tr").allInnerTexts()).toContain("users\t1\t1\t0\t0\t0\t0\t0");
  });

  it("takes a copy of the whole localStorage, with the data inside as text", async () => {
    await openWith(null);
    const buffer = Buffer.from(JSON.stringify({ theme: "dark", [KEY]: JSON.stringify(OLD) }));
    await page.setInputFiles("#file", { name: "dump.json", mimeType: "application/json", buffer });
    await appears("found");
    expect((await downloaded(() => page.click("#download")))[1]).toBe(JSON.stringify(OLD));
  });

  it("speaks English to who reads that", async () => {
    await visit("en-GB");
    await openWith(null);
    expect(await page.innerText("h1")).toBe("Data in this browser");
    await page.click("[data-language=es]");
    expect(await page.innerText("h1")).toBe("Datos de este navegador");
  });
});

it("puts a server's export in place of this browser's data, for the way back, and downloads what was there", async () => {
  await openWith(JSON.stringify(OLD));
  await page.click("#back summary");
  const kept = (): Promise<string | null> => page.evaluate((key) => localStorage.getItem(key), KEY);
  await page.setInputFiles("#former", { name: "x.json", mimeType: "application/json", buffer: Buffer.from("{}") });
  await until(async () => (await page.innerText("#restored")).includes("ninguna"), "the refusal");
  expect(await page.isDisabled("#restore")).toBe(true);
  const exported = await server.export();
  const file = { name: "structura-export.json", mimeType: "application/json", buffer: Buffer.from(exported) };
  await page.setInputFiles("#former", file);
  expect(await downloaded(() => page.click("#restore"))).toEqual(["structura-export.json", JSON.stringify(OLD)]);
  expect(await page.innerText("#restored")).toContain("Hecho.");
  expect(JSON.parse((await kept()) ?? "")).toEqual(JSON.parse(exported));
});

it("the flawed file of the plant goes through the page as it is", async () => {
  await openWith(await readFile(join(ROOT, "tests/data/structura-export-flawed.json"), "utf8"));
  await check(PEOPLE.admin.pin);
  await appears("confirmation");
  expect((await page.locator("#details li").count()) > 10).toBe(true);
});
