/** Settings changed in the console, in a real browser, on a real server: at once, at the next start, on trial. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lan, launch } from "./browser";
import { consoleOf, logIn, visit } from "./console";
import { freePort, Server } from "./server";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

afterAll(async () => {
  await browser.close();
});

const file = (server: Server): Promise<string> => readFile(join(server.data, "settings.toml"), "utf8");

/** The row of a setting. */
const row = (page: Page, name: string) => page.locator("tr", { has: page.locator(`strong code:text-is("${name}")`) });

async function save(page: Page): Promise<void> {
  await page.click(".bar .primary");
}

test("what takes effect at once, what waits for a start, what is wrong, and the way back to the default", async () => {
  const port = await freePort();
  await using server = await Server.start({ port });
  const [context, page, check] = await consoleOf(browser, lan(port));
  await visit(page, "settings");
  expect(await row(page, "jwt_secret").locator("input").count()).toBe(0);
  expect(await row(page, "token_hours").textContent()).toContain("Cuánto dura una sesión, en horas.");

  await page.fill("[name=token_hours]", "8");
  await page.selectOption("[name=log_level]", "WARNING");
  await page.check("[aria-label='kiosk_collections: jobs']");
  await page.fill("[name=backup_copy]", "respaldo");
  expect(await page.textContent(".bar")).toContain("4 cambios sin guardar");
  await save(page);
  await page.waitForSelector("#wrong-backup_copy:has-text('no es una ruta completa')");
  expect(await page.evaluate(() => document.activeElement?.getAttribute("name"))).toBe("backup_copy");
  expect(await file(server)).not.toContain("token_hours");

  await page.fill("[name=backup_copy]", join(server.data, "segundo"));
  await page.keyboard.press("Enter");
  const said = page.locator(".said.good");
  await said.waitFor();
  expect(await said.textContent()).toContain("token_hours");
  expect(await said.textContent()).toMatch(/próximo arranque del servidor: log_level/);
  expect(await page.inputValue("[name=token_hours]")).toBe("8");
  expect(await page.inputValue("[name=log_level]")).toBe("WARNING");
  expect(await row(page, "log_level").textContent()).toContain("Hasta el próximo arranque sigue: INFO.");
  expect((await fetch(`${server.url}/api/jobs`)).status, "it holds: this list is open now").toBe(200);
  expect(await file(server)).toContain('log_level = "WARNING"');

  await page.getByRole("button", { name: "Volver token_hours al valor por defecto" }).press("Enter");
  await save(page);
  await page.waitForSelector(".said.good:text-is('En vigor: token_hours.')");
  expect(await page.inputValue("[name=token_hours]")).toBe("12");
  expect(await file(server)).not.toContain("token_hours");

  await server.stop();
  await server.restart({ STRUCTURA_METRICS: "true" });
  await page.reload();
  await page.waitForSelector("main[data-ready=settings]");
  expect(await row(page, "log_level").textContent()).not.toContain("Hasta el próximo arranque");
  expect(await row(page, "metrics").locator("input").count(), "a variable has it").toBe(0);
  expect(await row(page, "metrics").textContent()).toContain("Lo fija STRUCTURA_METRICS");
  check();
  await context.close();
});

test("another port is confirmed there, by keyboard on a phone; till then nothing else can be changed", async () => {
  const [old, next] = [await freePort(), await freePort()];
  await using server = await Server.start({ port: old });
  const [context, page, check] = await consoleOf(browser, lan(old), { locale: "en", width: 390 });
  await visit(page, "settings");
  await page.fill("[name=port]", String(next));
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog:has-text('within five minutes')");
  await page.getByRole("button", { name: "Save", exact: true }).last().press("Enter");
  await page.waitForSelector("h2:has-text('Confirm at the new address')");
  expect(await page.textContent("[role=timer]")).toMatch(/^[45]:\d\d left$/);
  await page.getByRole("link", { name: "Go to the new address and confirm" }).press("Enter");
  await page.waitForURL(`${lan(next)}/console#/settings`);
  await logIn(page);
  await page.waitForSelector("h2:has-text('Settings on trial')");
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);

  await page.fill("[name=token_hours]", "3");
  await save(page);
  await page.waitForSelector(".toast:has-text('wait to be confirmed; confirm them, or wait')");
  const twin = await context.newPage();
  await twin.goto(`${lan(next)}/console#/settings`);
  await logIn(twin);
  await twin.waitForSelector("h2:has-text('Settings on trial')");
  await page.getByRole("button", { name: "Keep these settings" }).press("Enter");
  await page.waitForSelector(".toast:has-text('they stay')");
  await page.waitForSelector("h2:has-text('Settings on trial')", { state: "detached" });
  await twin.waitForSelector("h2:has-text('Settings on trial')", { state: "detached" });
  expect(await twin.locator(".said.warn").count(), "its other window sees that they were kept").toBe(0);
  expect(await file(server)).toContain(`port = ${next}`);
  check();
  await context.close();
});

test("a port that nobody confirms is undone, and the page at the old address says so", async () => {
  const [old, next] = [await freePort(), await freePort()];
  await using server = await Server.start({ port: old, patience: 3 });
  const before = await file(server);
  const [context, page, check] = await consoleOf(browser, lan(old));
  await visit(page, "settings");
  await page.fill("[name=port]", String(next));
  await save(page);
  await page.locator("dialog .primary").click();
  await page.waitForSelector("text=Nadie confirmó los ajustes nuevos; rigen de nuevo los de antes.");
  expect(await page.inputValue("[name=port]")).toBe(String(old));
  expect(await file(server)).toBe(before);
  check();
  await context.close();
});

test("HTTPS is confirmed over HTTPS, and the page that was left open sees it kept", async () => {
  const [port, secure] = [await freePort(), await freePort()];
  await using server = await Server.start({ port, settings: `tls_port = ${secure}\n` });
  const [context, page, check] = await consoleOf(browser, lan(port));
  await visit(page, "settings");
  await page.selectOption("[name=tls]", "own");
  await save(page);
  await page.locator("dialog .primary").click();
  await page.waitForSelector("h2:has-text('Confirme en la dirección nueva')");
  expect(await page.getByRole("link", { name: "Ir a la dirección nueva" }).getAttribute("href")).toBe(
    `https://planta.test:${secure}/console#/settings`,
  );
  const early = () =>
    page.evaluate(async () => {
      const { token } = JSON.parse(sessionStorage.getItem("structura-session") ?? "{}");
      const headers = { Authorization: `Bearer ${token}`, "Accept-Language": "es" };
      const answer = await fetch("/api/system/settings/confirm", { method: "POST", headers }).catch(() => null);
      return answer === null ? "" : ((await answer.json()) as { detail: string }).detail;
    });
  await expect // the server begins anew meanwhile
    .poll(early, { timeout: 60_000 })
    .toBe(`Estos ajustes son de HTTPS; confírmelos por HTTPS, en el puerto ${secure}.`);

  const trusting = await browser.newContext({ locale: "es", ignoreHTTPSErrors: true });
  const there = await trusting.newPage();
  await there.goto(`https://planta.test:${secure}/console#/settings`);
  await logIn(there);
  await there.getByRole("button", { name: "Conservar estos ajustes" }).click();
  await there.waitForSelector(".toast:has-text('quedan así')");
  await page.waitForSelector("[name=tls]");
  expect(await page.inputValue("[name=tls]")).toBe("own");
  expect(await page.locator(".said.warn").count()).toBe(0);
  expect(await file(server)).toContain('tls = "own"');
  check();
  await trusting.close();
  await context.close();
});
