/** The console in a browser of its own. */

import type { Browser, BrowserContext, Page } from "playwright-core";
import { open } from "./browser";
import { PEOPLE } from "./server";

export interface How {
  readonly locale?: string;
  readonly width?: number;
  readonly pin?: string;
}

/** A browser where somebody has logged in at this address; the third value fails if the page met an error. */
export async function consoleOf(
  browser: Browser,
  url: string,
  { locale = "es", width = 1280, pin = PEOPLE.admin.pin }: How = {},
): Promise<[BrowserContext, Page, () => void]> {
  const context = await browser.newContext({ locale, viewport: { width, height: 800 } });
  const [page, check] = await open(context);
  await page.goto(`${url}/console`);
  await logIn(page, pin);
  return [context, page, check];
}

export async function logIn(page: Page, pin: string = PEOPLE.admin.pin): Promise<void> {
  await page.fill("input.pin", pin);
  await page.keyboard.press("Enter");
  await page.waitForSelector("main[data-ready]");
}

export async function visit(page: Page, name: string): Promise<void> {
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `#/${name}`);
  await page.waitForSelector(`main[data-ready="${name.split("?")[0]}"]`);
}
