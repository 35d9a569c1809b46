/** The restore button of the console, pressed in a real browser: the data of then, in the server that runs on. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lan, launch, open } from "./browser";
import { consoleOf, logIn, visit } from "./console";
import { ITEM, MACHINE, PEOPLE, Server } from "./server";

interface Backup {
  readonly id: string;
  readonly kind: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly digests: Readonly<Record<string, string>>;
}

const LISTS = ["machines", "jobs", "projects", "users", "clients", "inventory", "alerts", "events"];

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

afterAll(async () => {
  await browser.close();
});

/** The API, as the administrator. */
async function api(server: Server, pin: string = PEOPLE.admin.pin) {
  const send = async (method: string, path: string, body?: unknown, token = "") => {
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const request = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const answer = await fetch(server.url + path, request);
    if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
    return answer.json();
  };
  const { token } = (await send("POST", "/api/auth/login", { pin })) as { token: string };
  return (method: string, path: string, body?: unknown) => send(method, path, body, token);
}

test("counts, digests and rows are the backup's; progress is told, and everybody logs in as before", async () => {
  await using server = await Server.start();
  const [context, page, check] = await consoleOf(browser, lan(server.port));
  await visit(page, "backups");
  await page.click("text=Hacer una copia ahora");
  await page.waitForSelector(".toast:has-text('Hecha, abierta y comprobada'), .toast:has-text('comprobada')");
  const ask = await api(server);
  const made = ((await ask("GET", "/api/system/backups")) as Backup[]).find(({ kind }) => kind === "manual");
  if (!made) throw new Error("no backup was made");
  const lists = async () => Promise.all(LISTS.map((name) => ask("GET", `/api/${name}?sort=id`)));
  const then = await lists();

  await ask("POST", "/api/clients", { id: "C-9", name: "Después" });
  await ask("PATCH", `/api/inventory/${ITEM.id}`, { quantity: { add: -40 } });
  await ask("PATCH", `/api/machines/${MACHINE.id}`, { name: "Otra" });
  await ask("DELETE", `/api/users/${PEOPLE.other.id}`);
  expect(await lists()).not.toEqual(then);

  await page.locator("tr", { hasText: "hecha a mano" }).getByText("Restaurar…").click();
  await page.evaluate(() => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    const said = document.querySelector("dialog .said");
    if (said) new MutationObserver(() => seen.push(said.textContent ?? "")).observe(said, { childList: true });
  });
  const confirm = page.locator("dialog button.danger");
  await confirm.click();
  expect(await page.locator("dialog input:invalid").count(), "it has to be meant").toBe(1);
  await page.check("dialog input[type=checkbox]");
  await confirm.click();
  await page.waitForSelector(".said.good:has-text('Restaurado: los datos son los de')");
  const seen = await page.evaluate(() => (window as unknown as { seen: string[] }).seen);
  expect(seen.map((text) => text.slice(0, 6))).toEqual(["1 de 2", "2 de 2"]);
  const changed = await page.locator("tr", { hasText: "clientes" }).first().locator("td.number").allTextContents();
  expect(changed).toEqual(["1", "0"]);
  await page.waitForSelector("tr:has-text('antes de restaurar')");

  expect(await lists()).toEqual(then);
  const now = (await ask("POST", "/api/system/backups")) as Backup;
  expect(now.counts).toEqual(made.counts);
  const { actors: _, ...digests } = made.digests; // head office takes the restored database for another's
  expect(now.digests).toMatchObject(digests);
  await page.click(".side >> text=Salir");
  await logIn(page);
  await page.waitForSelector("main[data-ready=backups]");
  await api(server, PEOPLE.other.pin);
  check();
  await context.close();
});

test("who has another PIN since is told to log in with that of then, and can", async () => {
  await using server = await Server.start();
  const ask = await api(server);
  await ask("POST", "/api/system/backups");
  await ask("PATCH", `/api/users/${PEOPLE.admin.id}`, { pin: "8264" });
  const [context, page, check] = await consoleOf(browser, lan(server.port), { locale: "en", width: 390, pin: "8264" });
  await visit(page, "backups");
  await page.locator("tr", { hasText: "by hand" }).getByText("Restore…").click();
  await page.check("dialog input[type=checkbox]");
  await page.locator("dialog button.danger").click();
  await page.waitForSelector(".toast:has-text('log in with the PIN that you had then')");
  await logIn(page);
  await page.waitForSelector("main[data-ready=backups]");
  check();
  await context.close();
});

test("a damaged database: the page that is open then looks as the others, in both languages, and restores", async () => {
  await using server = await Server.start();
  const ask = await api(server);
  await ask("POST", "/api/system/backups");
  await server.stop();
  await writeFile(join(server.data, "structura.db"), "no database");
  await server.restart();
  const context = await browser.newContext({ locale: "es", viewport: { width: 390, height: 800 } });
  const [page, check] = await open(context);
  page.on("dialog", (asked) => asked.accept());
  await page.goto(`${lan(server.port)}/console`);
  await page.waitForURL("**/recover");
  await page.waitForSelector("#damage:not(:empty)");
  expect(await page.textContent("h1")).toContain("Restaurar una copia de seguridad");
  await page.click("[data-language=en]");
  expect(await page.locator("h1 span:visible").allTextContents()).toEqual(["Restore a backup"]);
  await page.fill("#pin", "9999");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#said.error:has-text('Wrong PIN.')");
  await page.fill("#pin", PEOPLE.admin.pin);
  await page.keyboard.press("Enter");
  await page.waitForSelector("li:has-text('made by hand')");
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  await page.click("text=Restore this one");
  await page.waitForSelector("#said:has-text('Restored. There are now: machines 1')");
  await api(server);
  check();
  await context.close();
});
