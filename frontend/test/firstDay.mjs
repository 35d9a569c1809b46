// @ts-check
/**
 * A new user's first day, in a browser on a second machine: `node firstDay.mjs LINK FILE PICTURES`. Opens the setup link,
 * does what the page says with the former data's FILE, then opens the first address it shows with a browser that has
 * never been there, and looks for the old data. Prints JSON: the addresses, and what was seen; PICTURES is a folder for
 * screenshots.
 *
 * tests/packaging/test_first_day.py runs it.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [link = "", file = "", pictures = ""] = process.argv.slice(2);
const PIN = "48291576";
const KNOWN = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const executablePath = process.env["CHROMIUM"] ?? KNOWN.find((path) => existsSync(path)) ?? "chromium";
let taken = 0;

/** A browser that has never been anywhere. @param {import("playwright-core").Browser} browser */
async function fresh(browser) {
  const context = await browser.newContext({ locale: "es", viewport: { width: 1000, height: 760 } });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  return page;
}

/** @param {import("playwright-core").Page} page @param {string} name */
async function picture(page, name) {
  await page.screenshot({ path: join(pictures, `${++taken}-${name}.png`), fullPage: true });
}

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--no-first-run"] });
try {
  const page = await fresh(browser);
  await page.goto(link);
  await page.waitForSelector("text=Primer administrador");
  await picture(page, "plant");
  await page.fill("[name=plant]", "Planta Norte");
  await page.fill("[name=name]", "Ana");
  await page.fill("[name=pin]", PIN);
  await page.fill("[name=again]", PIN);
  await page.click("text=Continuar");
  await page.waitForSelector("h1:has-text('Los datos anteriores')");
  await page.setInputFiles("input[type=file]", file);
  await page.click("text=Comprobar");
  await page.waitForSelector("text=Importar ahora");
  await picture(page, "checked");
  await page.click("text=Importar ahora");
  await page.waitForSelector("text=Importado: ");
  await picture(page, "imported");
  await page.click(".go >> text=Continuar");
  await page.waitForSelector("h1:has-text('Listo')");
  await page.waitForSelector("text=La aplicación de la planta todavía no está en este servidor");
  await picture(page, "addresses");
  const addresses = await page.locator(".address a").allTextContents();

  const other = await fresh(browser);
  await other.goto(addresses[0] ?? "");
  await picture(other, "address");
  await other.fill("input.pin", PIN);
  await other.keyboard.press("Enter");
  await other.waitForSelector("main[data-ready=overview]");
  await picture(other, "overview");
  await other.click("[data-page=changes]");
  await other.waitForSelector("main[data-ready=changes] tbody tr");
  await picture(other, "changes");
  const seen = await other.locator("main").innerText();
  process.stdout.write(JSON.stringify({ addresses, seen }));
} finally {
  await browser.close();
}
