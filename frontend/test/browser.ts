/** Headless Chromium, with the plant at `http://planta.test`: an origin as on a LAN, which browsers do not call secure. */

import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const KNOWN = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export async function launch(): Promise<Browser> {
  const executablePath = process.env["CHROMIUM"] ?? KNOWN.find((path) => existsSync(path));
  if (!executablePath) throw new Error("Chromium is missing: apt install chromium, or name it with CHROMIUM=/path");
  const args = [
    "--host-resolver-rules=MAP *.test 127.0.0.1",
    "--no-sandbox", // containers run tests as root
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
  ];
  return chromium.launch({ executablePath, args });
}

/** The address of a local server as a terminal on the LAN would have it. */
export const lan = (port: number, host = "planta.test"): string => `http://${host}:${port}`;

/** A page whose errors fail the test: call the second value at its end. */
export async function open(context: BrowserContext): Promise<[Page, () => void]> {
  const page = await context.newPage();
  page.setDefaultTimeout(60_000); // a busy machine is slow, not wrong
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    const isOfNetwork = /^(Failed to load resource|WebSocket connection to)/.test(message.text());
    if (message.type() === "error" && !isOfNetwork) errors.push(message.text());
  });
  const check = (): void => {
    if (errors.length > 0) throw new Error(errors.join("\n"));
  };
  return [page, check];
}
