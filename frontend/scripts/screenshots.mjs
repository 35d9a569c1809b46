// Pictures of each page of the console for docs/console.md: `make screenshots`. They show the demo's plant, with a link to
// a real Postgres, a conflict made there, and a day of made-up measurements.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import { PYTHON, ROOT } from "./python.mjs";

const run = promisify(execFile);
const OUT = join(ROOT, "docs", "screenshots");
const PORT = 8190;
const URL_ = `http://localhost:${PORT}`;
const ADMIN = "4711"; // of the demo's data
const SIZES = { wide: { width: 1120, height: 780 }, phone: { width: 375, height: 720 } };
const PAGES = [
  "overview",
  "sync",
  "conflicts",
  "why?collection=clients&id=CL-1",
  "data",
  "backups",
  "trash",
  "changes",
  "stream",
  "users",
  "terminals",
  "addresses",
  "logs",
  "settings",
];
const SAMPLES = `
import math, sys, time
from pysqlite3 import dbapi2
db = dbapi2.connect(sys.argv[1])
now = int(time.time()) // 60 * 60
db.execute("DELETE FROM samples")
for minute in range(1440, 0, -1):
    at, hour = now - minute * 60, (1440 - minute) / 60
    busy = max(0, math.sin((hour - 2) / 12 * math.pi)) ** 1.5
    cut = 9 < hour < 11.5
    row = (at * 1000, int((hour - 9) * 130) if cut else 0, int(190 * busy + 8 + 12 * math.sin(minute / 7) ** 2),
           int(9.2e6 + hour * 4.1e5 * (1 + busy)), int(78.4e9 - hour * 2.1e7 - (6e8 if hour > 15 else 0)))
    db.execute("INSERT INTO samples VALUES (?, ?, ?, ?, ?)", row)
db.commit()
`;

async function demo(folder, log) {
  const env = { ...process.env, PYTHONPATH: ROOT };
  const child = spawn(PYTHON, ["-m", "structura_local", "demo", "--data-dir", folder, "--port", String(PORT)], { env });
  child.stderr.on("data", (text) => log.push(String(text)));
  let psql;
  for await (const line of createInterface(child.stdout)) {
    psql ??= /^Head office: +(\S+) '([^']+)'/.exec(line)?.slice(1);
    if (line.startsWith("Ctrl-C")) break;
  }
  child.stdout.resume();
  if (!psql) throw new Error(`the demo did not start: ${log.join("")}`);
  const stop = async () => {
    const ended = once(child, "exit");
    child.kill("SIGINT");
    await ended;
  };
  return { psql, stop };
}

async function api(method, path, body, token) {
  const headers = { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  const response = await fetch(URL_ + path, { method, headers, body: body ? JSON.stringify(body) : undefined });
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
  return response.json();
}

/** A conflict, something in the trash, terminals, a backup: what an administrator finds after some weeks. */
async function live(psql) {
  const { token } = await api("POST", "/api/auth/login", { pin: ADMIN });
  const client = { id: "CL-1", name: "Constructora Sur", contactPerson: "Eva Ríos", phone: "+598 2900 1111" };
  await api("POST", "/api/clients", client, token).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 1500)); // head office has it
  const office = spawn(psql[0], ["-q", psql[1]], { stdio: ["pipe", "ignore", "inherit"] });
  office.stdin.write("BEGIN; UPDATE structura.clients SET phone = '+598 2900 2222' WHERE id = 'CL-1';\n");
  await new Promise((resolve) => setTimeout(resolve, 700));
  await api("PATCH", "/api/clients/CL-1", { phone: "+598 99 123 456" }, token);
  office.stdin.end("COMMIT;\n");
  await once(office, "exit");
  const items = await api("GET", "/api/inventory", undefined, token);
  if (items[0]) await api("DELETE", `/api/inventory/${items[0].id}`, undefined, token);
  for (const name of ["Tablet conformadora", "Tablet pintura", "Pantalla de carga"]) {
    const { code } = await api("POST", "/api/system/terminals", { name }, token);
    if (name !== "Pantalla de carga") await api("POST", "/api/auth/pair", { code });
  }
  await api("POST", "/api/system/backups", undefined, token);
  await api("POST", "/api/auth/logout", undefined, token);
}

async function shoot(browser, locale, size) {
  const context = await browser.newContext({ locale, viewport: SIZES[size], timezoneId: "America/Montevideo" });
  const page = await context.newPage();
  const picture = (name) => page.screenshot({ path: join(OUT, `${name}-${size}-${locale}.png`) });
  await page.goto(`${URL_}/console`);
  await page.waitForSelector("input.pin");
  await picture("login");
  await page.fill("input.pin", ADMIN);
  await page.keyboard.press("Enter");
  await page.waitForSelector("main[data-ready]");
  for (const address of PAGES) {
    const name = address.split("?")[0];
    await page.evaluate((hash) => {
      location.hash = hash;
    }, `#/${address}`);
    await page.waitForSelector(`main[data-ready="${name}"]`);
    if (name === "stream") {
      await page.evaluate(async () => {
        const { token } = JSON.parse(sessionStorage.getItem("structura-session") ?? "{}");
        const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
        for (const description of ["Cambio de bobina", "Control de calidad", "Limpieza"]) {
          const body = JSON.stringify({ machineId: "M-01", type: "CLEANING", description, severity: "INFO" });
          await fetch("/api/events", { method: "POST", headers, body });
        }
      });
      await page.waitForSelector(".stream a");
    }
    await page.waitForTimeout(150);
    await picture(name);
  }
  await context.close();
}

const folder = await mkdtemp(join(tmpdir(), "structura-screenshots-"));
const log = [];
try {
  await mkdir(OUT, { recursive: true });
  let server = await demo(folder, log);
  await live(server.psql);
  await server.stop();
  await run(PYTHON, ["-c", SAMPLES, join(folder, "plant", "structura.db")]);
  server = await demo(folder, log);
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--no-first-run"];
  const browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args });
  for (const locale of ["es", "en"]) for (const size of ["wide", "phone"]) await shoot(browser, locale, size);
  await browser.close();
  await server.stop();
} finally {
  await rm(folder, { recursive: true, force: true });
}
