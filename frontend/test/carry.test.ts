/** A file for head office, made in the console of a PC whose clock was ahead. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lan, launch } from "./browser";
import { consoleOf, visit } from "./console";
import { MACHINE, PEOPLE, program, Server } from "./server";

const DAY = 86_400_000;
const BUNDLE = { plantId: "sur", plantName: "Planta", dsn: "postgresql://x@127.0.0.1:1/x", role: "r", carry: "00" };

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

afterAll(async () => {
  await browser.close();
});

async function send(server: Server, method: string, path: string, body: unknown, token = ""): Promise<unknown> {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const answer = await fetch(server.url + path, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
  return answer.json();
}

test("whoever makes it is asked whether the clock is right now, and may leave it", async () => {
  await using server = await Server.start({ isClocked: true });
  await server.stop();
  const bundle = join(server.data, "..", "sur.bundle.json");
  await writeFile(bundle, JSON.stringify(BUNDLE));
  await program("enroll", bundle, "--data-dir", server.data);
  await server.setClock(3 * DAY);
  await server.restart();
  const { token } = (await send(server, "POST", "/api/auth/login", { pin: PEOPLE.admin.pin })) as { token: string };
  await send(server, "PATCH", `/api/machines/${MACHINE.id}`, { name: "Otra" }, token);
  await server.setClock(0);

  const [context, page, check] = await consoleOf(browser, lan(server.port));
  await visit(page, "sync");
  const give = page.getByRole("button", { name: "Descargar archivo" });
  const asked = page.locator("dialog", { hasText: "¿Está en hora el reloj del servidor?" });
  await give.click();
  await asked.getByText("Cancelar").click();
  await asked.waitFor({ state: "detached" });
  await give.click();
  await asked.getByText("Hay cambios pendientes del").waitFor();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    asked.getByText("El reloj está en hora", { exact: true }).click(),
  ]);
  expect(file.suggestedFilename()).toBe("structura-to-office.carry");
  const [again] = await Promise.all([page.waitForEvent("download"), give.click()]);
  expect(again.suggestedFilename()).toBe("structura-to-office.carry");
  check();
  await context.close();
});
