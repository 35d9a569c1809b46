/** The console in a real browser, against a real server: each page, both languages, wide and on a phone. */

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lan, launch } from "./browser";
import { consoleOf, type How, visit } from "./console";
import { PEOPLE, Server } from "./server";

const OFFICE = ["overview", "sync", "conflicts", "why", "stream"];
const ADMINISTRATION = ["data", "backups", "trash", "changes", "users", "terminals", "addresses", "logs", "settings"];

let browser: Browser;
let server: Server;

beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), Server.start()]);
});

afterAll(async () => {
  await browser.close();
  await server[Symbol.asyncDispose]();
});

const loggedIn = (how: How = {}) => consoleOf(browser, lan(server.port), how);

test.each([
  ["es", 1280, "Usuarios y PIN"],
  ["en", 390, "Users and PINs"],
] as const)(
  "every page opens without an error, in %s at %i pixels, and nothing sticks out",
  async (locale, width, title) => {
    const [context, page, check] = await loggedIn({ locale, width });
    for (const name of [...OFFICE, ...ADMINISTRATION]) {
      await visit(page, name);
      expect(await page.locator("main .said.bad").count(), name).toBe(0);
      const sticksOut = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(sticksOut, name).toBeLessThanOrEqual(0);
      const unnamed = await page
        .locator("main :is(input, select, textarea):not([aria-label])")
        .evaluateAll((fields) => fields.filter((field) => !(field as HTMLInputElement).labels?.length).length);
      expect(unnamed, `fields without a name on ${name}`).toBe(0);
    }
    await visit(page, "users");
    expect(await page.textContent("h1")).toBe(title);
    check();
    await context.close();
  },
);

test("a supervisor is offered what a supervisor may, an operator nothing", async () => {
  const [context, page, check] = await loggedIn();
  const made = await page.evaluate(async () => {
    const { token } = JSON.parse(sessionStorage.getItem("structura-session") ?? "{}");
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const body = JSON.stringify({ name: "Saúl", role: "SUPERVISOR", pin: "6603" });
    return (await fetch("/api/users", { method: "POST", headers, body })).status;
  });
  expect(made).toBe(201);
  await context.close();
  const [other, their] = await loggedIn({ pin: "6603" });
  const offered = await their
    .locator("[data-page]")
    .evaluateAll((links) => links.map((a) => a.getAttribute("data-page")));
  expect(offered).toEqual(OFFICE);
  await their.evaluate(() => {
    location.hash = "#/users";
  });
  await their.waitForSelector('main[data-ready="overview"]');
  await their.click("text=Salir");
  await their.fill("input.pin", PEOPLE.operator.pin);
  await their.keyboard.press("Enter");
  await their.waitForSelector("text=La consola es para administradores y supervisores.");
  await other.close();
  check();
});

test("a forgotten PIN is replaced, and the refusal of a bad one is shown where it was typed", async () => {
  const [context, page, check] = await loggedIn();
  await visit(page, "users");
  const line = page.locator("tr", { hasText: PEOPLE.other.name });
  await line.getByText("PIN nuevo").click();
  await page.fill("dialog input[name=pin]", PEOPLE.operator.pin);
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog .error:has-text('ya está en uso')");
  await page.fill("dialog input[name=pin]", "8264");
  await page.keyboard.press("Enter");
  await page.waitForSelector("text=PIN cambiado.");
  check();
  await context.close();
  const answer = await fetch(`${server.url}/api/auth/login`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ pin: "8264" }),
  });
  expect(((await answer.json()) as { user: { id: string } }).user.id).toBe(PEOPLE.other.id);
});

test("a deletion comes back from the trash; the change log says who; the stream has it at once", async () => {
  const [context, page, check] = await loggedIn();
  await visit(page, "stream");
  await page.waitForSelector("text=en vivo >> visible=true");
  await page.waitForSelector(".tag.good:has-text('en vivo')");
  await page.evaluate(async () => {
    const { token } = JSON.parse(sessionStorage.getItem("structura-session") ?? "{}");
    await fetch("/api/inventory/I-1", { method: "DELETE", headers: { Authorization: `Bearer ${token}` } });
  });
  await page.waitForSelector(".stream :text('inventario I-1')");
  await visit(page, "trash");
  await page.locator("tr", { hasText: "Bobina" }).getByText("Recuperar").click();
  await page.waitForSelector("text=La papelera está vacía.");
  await visit(page, "changes?rowId=I-1");
  const kinds = await page.locator("tbody .tag").allTextContents();
  expect(kinds.slice(0, 2)).toEqual(["recuperado", "eliminado"]);
  expect(await page.locator("tbody tr").first().textContent()).toContain(PEOPLE.admin.name);
  check();
  await context.close();
});

test("a code pairs a terminal, by keyboard alone; a revoked session ends on the next look", async () => {
  const [context, page, check] = await loggedIn();
  await visit(page, "terminals");
  await page.getByRole("button", { name: "Vincular un terminal" }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.type("Tablet 3");
  await page.keyboard.press("Enter");
  expect(await page.textContent("dialog .secret")).toMatch(/^\d{4}-\d{4}$/);
  await page.keyboard.press("Escape");
  await page.evaluate(async () => {
    const { token } = JSON.parse(sessionStorage.getItem("structura-session") ?? "{}");
    await fetch("/api/auth/logout", { method: "POST", headers: { Authorization: `Bearer ${token}` } });
  });
  await page.evaluate(() => {
    location.hash = "#/settings";
  });
  await page.waitForSelector("input.pin");
  check();
  await context.close();
});

test("an import is looked at before it is done, and the language can be changed meanwhile", async () => {
  const [context, page, check] = await loggedIn();
  await visit(page, "data");
  await page.click(".side .languages >> text=EN");
  await page.waitForSelector("h1:has-text('Import and export')");
  const clients = [{ id: "C-77", name: "Constructora Sur" }];
  await page.setInputFiles("input[type=file]", {
    name: "structura-export.json",
    mimeType: "application/json",
    buffer: Buffer.from(JSON.stringify({ clients })),
  });
  await page.click("text=Check");
  await page.waitForSelector("text=1 rows would be imported");
  await page.click("text=Import now");
  await page.waitForSelector("text=Imported: 1 rows");
  check();
  await context.close();
});

test("how often the server was killed, and when last, is on the overview", async () => {
  const [context, page, check] = await loggedIn();
  await page.waitForSelector("main .tile");
  expect(await page.locator(".tile", { hasText: "Paradas bruscas" }).count()).toBe(0);
  await context.close();
  await server.kill();
  await server.restart();
  const [after, their, checkTheirs] = await loggedIn({ locale: "en" });
  const tile = await their.locator(".tile", { hasText: "Unclean stops" }).innerText();
  expect(tile).toMatch(/^Unclean stops\s+1\s+the last .+ ago; without power, or killed$/);
  check();
  checkTheirs();
  await after.close();
});
