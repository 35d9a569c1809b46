/** The first start in a real browser: from an empty folder to the old data, and into the console. */

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lan, launch, open } from "./browser";
import { MACHINE, Server } from "./server";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

afterAll(async () => {
  await browser.close();
});

test("the link sets a plant up with its old data, once", async () => {
  await using server = await Server.start({ isNew: true });
  const context = await browser.newContext({ locale: "es", viewport: { width: 390, height: 800 } });
  const [page, check] = await open(context);
  await page.goto(`${lan(server.port)}/`);
  await page.waitForSelector("text=Abra el enlace que el servidor mostró al arrancar");
  const link = await server.setupPath();
  await page.goto(lan(server.port) + link);
  await page.waitForSelector("text=Primer administrador");
  expect(page.url(), "the secret is gone from the address").not.toContain("#");

  await page.fill("[name=plant]", "Planta Sur");
  await page.fill("[name=name]", "Ana");
  await page.fill("[name=pin]", "1234");
  await page.fill("[name=again]", "1235");
  await page.click("text=Continuar");
  await page.waitForSelector("text=Los dos PIN no son iguales.");
  await page.fill("[name=again]", "1234");
  await page.click("text=Continuar");
  await page.waitForSelector("text=Este PIN es de los primeros que cualquiera probaría");
  await page.fill("[name=pin]", "482915");
  await page.fill("[name=again]", "482915");
  const bundle = { plantId: "norte", plantName: "Planta Norte", dsn: "postgresql://nobody@127.0.0.1:1/x" };
  await page.setInputFiles("input[type=file]", {
    name: "norte.json",
    mimeType: "application/json",
    buffer: Buffer.from(JSON.stringify(bundle)),
  });
  await page.waitForSelector("text=Este paquete es de la planta «Planta Norte».");
  await page.click("text=Continuar");
  await page.waitForSelector("dialog >> text=no de 'Planta Sur'");
  await page.click("dialog button:has-text('Conectar')");

  await page.waitForSelector("h1:has-text('Los datos anteriores')");
  await page.reload();
  await page.waitForSelector("h1:has-text('Los datos anteriores')");
  await page.setInputFiles("input[type=file]", {
    name: "structura-export.json",
    mimeType: "application/json",
    buffer: Buffer.from(JSON.stringify({ machines: [MACHINE] })),
  });
  await page.click("text=Comprobar");
  await page.waitForSelector("text=Se importarían 1 filas.");
  await page.click("text=Importar ahora");
  await page.waitForSelector("text=Importado: 1 filas.");
  await page.click(".go >> text=Continuar");
  await page.waitForSelector("h1:has-text('Listo')");
  await page.click("text=Abrir la consola");
  await page.fill("input.pin", "482915");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".top :text('Planta Norte')");
  check();

  await page.evaluate(() => sessionStorage.clear());
  await page.goto(lan(server.port) + link);
  await page.waitForSelector("text=Esta planta ya está puesta en marcha.");
  await context.close();
});

test("who comes second finds the link used", async () => {
  await using server = await Server.start({ isNew: true });
  const link = await server.setupPath();
  const [first, second] = [await browser.newContext({ locale: "en" }), await browser.newContext({ locale: "en" })];
  const [page] = await open(first);
  await page.goto(lan(server.port) + link);
  await page.waitForSelector("text=First administrator");
  const [other] = await open(second);
  await other.goto(lan(server.port) + link);
  await other.waitForSelector("text=This link was used already");
  await first.close();
  await second.close();
});
