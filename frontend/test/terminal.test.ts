/** The modules in Chromium, built by Vite and served by the real server, as at a plant's terminal. */

import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { lan, launch, open } from "./browser";
import { ITEM, MACHINE, PEOPLE, Server, until } from "./server";

const app = (useApi: boolean): string => join(process.env["STRUCTURA_TEMPLATE"] ?? "", `app-${useApi}`);

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
  context = await browser.newContext({ locale: "es" });
  [page, noErrors] = await open(context);
});
afterEach(async () => {
  await context.close();
  await server[Symbol.asyncDispose]();
  noErrors();
});

const text = (id: string): Promise<string> => page.locator(`#${id}`).evaluate((part) => part.textContent ?? "");
const shows = (id: string, expected: string): Promise<void> =>
  until(async () => (await text(id)) === expected, `#${id} shows '${expected}'`);

async function logIn(pin: string): Promise<void> {
  await page.fill("#pin", pin);
  await page.click("#login button");
}

describe("with the server", () => {
  beforeEach(async () => {
    server = await Server.start({ frontend: app(true) });
    await page.goto(`${lan(server.port)}/?poll=50`);
  });

  it("runs where browsers see no secure context, as on a plant's LAN", async () => {
    expect(await page.evaluate(() => window.isSecureContext)).toBe(false);
  });

  it("shows machines before anybody has logged in, everything after, and nothing but machines again", async () => {
    await shows("machines", `${MACHINE.name}: IDLE`);
    expect([await text("phase"), await text("inventory")]).toEqual(["waiting", ""]);
    await logIn("0000");
    await shows("error", "PIN incorrecto.");
    await logIn(PEOPLE.operator.pin);
    await shows("phase", "ready");
    await shows("inventory", `${ITEM.name}: 100`);
    await page.reload();
    await shows("user", "Olga");
    await shows("inventory", `${ITEM.name}: 100`);
    await page.click("#logout");
    await shows("phase", "waiting");
    expect([await text("inventory"), await text("machines")]).toEqual(["", `${MACHINE.name}: IDLE`]);
  });

  it("keeps taps while the server is killed, over a reload of the page, until it is back", async () => {
    await logIn(PEOPLE.operator.pin);
    await shows("inventory", `${ITEM.name}: 100`);
    await page.click("#tap");
    await shows("pending", "0");
    await server.kill();
    await page.click("#tap");
    await page.click("#tap");
    await shows("inventory", `${ITEM.name}: 70`);
    await shows("online", "sin conexión");
    expect(await text("pending")).toBe("2");
    await server.restart();
    await page.reload();
    await shows("pending", "0");
    await shows("inventory", `${ITEM.name}: 70`);
    const kept = JSON.parse(await server.export()) as { inventory: { quantity: number }[] };
    expect(kept.inventory[0]?.quantity).toBe(70);
  });

  it("gets 304 for lists that have not changed, by the browser's own cache", async () => {
    const network = await context.newCDPSession(page);
    const urls = new Map<string, string>();
    const answers: { path: string; status: number; asked: boolean }[] = [];
    const asked = new Set<string>();
    network.on("Network.requestWillBeSent", ({ requestId, request }) => urls.set(requestId, request.url));
    network.on("Network.requestWillBeSentExtraInfo", ({ requestId, headers }) => {
      if (Object.keys(headers).some((name) => name.toLowerCase() === "if-none-match")) asked.add(requestId);
    });
    network.on("Network.responseReceivedExtraInfo", ({ requestId, statusCode }) => {
      const path = new URL(urls.get(requestId) ?? "http://unknown").pathname;
      answers.push({ path, status: statusCode, asked: asked.has(requestId) });
    });
    await network.send("Network.enable");
    await logIn(PEOPLE.operator.pin);
    const lists = [
      "machines",
      "jobs",
      "projects",
      "clients",
      "inventory",
      "alerts",
      "messages",
      "events",
      "users/directory",
    ];
    const statuses = (list: string): number[] =>
      answers.filter(({ path }) => path === `/api/${list}`).map(({ status }) => status);
    await until(() => lists.every((list) => statuses(list).filter((status) => status === 304).length >= 3), "304s");
    for (const list of lists) {
      expect(statuses(list).filter((status) => status === 200).length, list).toBeLessThanOrEqual(2); // kiosk, and login
    }
    expect(answers.filter(({ status }) => status === 304).every(({ asked }) => asked)).toBe(true);
    expect(await text("online")).toBe("en línea");

    const before = statuses("inventory").filter((status) => status === 200).length;
    await page.click("#tap");
    await shows("inventory", `${ITEM.name}: 90`);
    await until(() => statuses("inventory").filter((status) => status === 200).length === before + 1, "the new list");
    const after = statuses("inventory").length;
    await until(() => statuses("inventory").length >= after + 3, "more polls");
    expect(statuses("inventory").slice(after)).toEqual(
      statuses("inventory")
        .slice(after)
        .map(() => 304),
    );
  });
});

describe("with VITE_API_URL at another origin", () => {
  it("works when the server names the app's origin, 304s included", async () => {
    server = await Server.start({ frontend: app(true) });
    const from = lan(server.port, "app.test");
    await server.stop();
    await server.restart({ STRUCTURA_CORS_ORIGINS: from });
    const statuses: number[] = [];
    const network = await context.newCDPSession(page);
    network.on("Network.responseReceivedExtraInfo", ({ statusCode }) => statuses.push(statusCode));
    await network.send("Network.enable");
    await page.goto(`${from}/?poll=50&api=${lan(server.port)}/api`);
    await shows("machines", `${MACHINE.name}: IDLE`);
    await logIn("0000");
    await shows("error", "PIN incorrecto.");
    await logIn(PEOPLE.operator.pin);
    await shows("inventory", `${ITEM.name}: 100`);
    await page.click("#tap");
    await shows("pending", "0");
    await shows("inventory", `${ITEM.name}: 90`);
    await until(() => statuses.filter((status) => status === 304).length >= 10, "304s");
  });

  it("says that there is no connection when the server does not name it", async () => {
    server = await Server.start({ frontend: app(true) });
    await page.goto(`${lan(server.port, "app.test")}/?poll=50&api=${lan(server.port)}`);
    await logIn(PEOPLE.operator.pin);
    await until(async () => (await text("error")).startsWith("Sin conexión"), "the sentence");
    noErrors = () => undefined; // the browser logs what it blocks
  });
});

describe("with VITE_USE_API=false", () => {
  it("works on this browser alone, on what the server has exported: the way back", async () => {
    server = await Server.start({ frontend: app(false) });
    const requests: string[] = [];
    page.on("request", (request) => requests.push(new URL(request.url()).pathname));
    const exported = await server.export("--with-new-pins");
    const olga = (JSON.parse(exported) as { users: { name: string; pin: string }[] }).users.find(
      ({ name }) => name === "Olga",
    );
    await page.goto(`${lan(server.port)}/export-local-data`);
    await page.click("#back summary");
    const file = { name: "structura-export.json", mimeType: "application/json", buffer: Buffer.from(exported) };
    await page.setInputFiles("#former", file);
    await page.click("#restore");
    await page.goto(lan(server.port));
    await logIn("no PIN");
    await shows("error", "PIN incorrecto.");
    await logIn(olga?.pin ?? "");
    await shows("user", "Olga");
    await shows("inventory", `${ITEM.name}: 100`);
    await page.click("#tap");
    await shows("inventory", `${ITEM.name}: 90`);
    await shows("pending", "0");
    await server.kill();
    await page.click("#tap");
    await shows("inventory", `${ITEM.name}: 80`);
    const kept = await page.evaluate(() => localStorage.getItem("structura_erp_factory_data_v3"));
    expect(JSON.parse(kept ?? "{}").inventory[0].quantity).toBe(80);
    expect(requests.filter((path) => path.startsWith("/api"))).toEqual([]);
  });
});
