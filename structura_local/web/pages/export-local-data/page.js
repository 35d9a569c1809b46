// @ts-check
// Reads what the former application kept in this browser, gives it as a file, and uploads it: first as a dry run, then,
// when a person has seen the report, for good. The token lives in this page's memory and is revoked at the end. It is the
// way back too: a server's export in place of what this browser has.

import { ask, language, save } from "/console/client.js";
import { words } from "/console/dom.js";
import { top } from "/console/top.js";

const KEY = "structura_erp_factory_data_v3";
const FILE_NAME = "structura-export.json";
const COLLECTIONS = [
  "machines", "jobs", "projects", "users", "clients", "inventory", "alerts", "messages", "events", "projectAccessories",
];
const COUNTS = ["read", "new", "changed", "same", "repaired", "rejected", "noted"];

// Runs at the former application's address, typed into the console or clicked as a bookmark.
const SNIPPET = `(()=>{const d=localStorage.getItem("${KEY}");if(!d){alert("No hay datos / No data: ${KEY}");return}
const a=document.createElement("a");a.href=URL.createObjectURL(new Blob([d],{type:"application/json"}));
a.download="${FILE_NAME}";a.click()})()`.replaceAll("\n", "");

const TEXTS = {
  es: {
    read: "leídos", new: "nuevos", changed: "cambiados", same: "iguales", repaired: "corregidos", rejected: "rechazados",
    noted: "avisos", row: "fila",
    checked: "Comprobado: no se cambió nada todavía. Esto es lo que pasaría.",
    imported: "Importado. Los datos se volvieron a leer y son los del archivo. Borre el archivo descargado.",
    restored: "Hecho. La aplicación sin servidor usa estos datos ahora.",
    full: "El almacenamiento de este navegador está lleno; no se cambió nada.",
    empty: "no contiene ninguna de las listas conocidas.",
    broken: "no es JSON válido.",
  },
  en: {
    read: "read", new: "new", changed: "changed", same: "same", repaired: "repaired", rejected: "rejected",
    noted: "noted", row: "row",
    checked: "Checked: nothing was changed yet. This is what would happen.",
    imported: "Imported. The data was read back and equals the file. Delete the downloaded file.",
    restored: "Done. The application without a server uses this data now.",
    full: "This browser's storage is full; nothing was changed.",
    empty: "it has none of the known lists.",
    broken: "it is not valid JSON.",
  },
};

/** @typedef {{row: number, id: string, reason?: string, field?: string, what?: string, why?: string}} Entry */
/** @typedef {{repaired: Entry[], rejected: Entry[], noted: Entry[]}} Lists */
/** @typedef {{read: number, new: number, changed: number, same: number} & Lists} Tally */
/** @typedef {{collections: Record<string, Tally>, noted: string[]}} ImportReport */

/** What is to be downloaded and uploaded: an export as text. */
let data = "";
/** What is to replace this browser's data on the way back; empty: nothing was chosen. */
let former = "";
/** The session that a PIN has opened; empty: none. */
let token = "";

/** @param {string} id @returns {HTMLElement} */
function part(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no ${id}`);
  return found;
}

/** @param {string} id @param {boolean} shown */
const show = (id, shown) => {
  part(id).hidden = !shown;
};

/** @param {keyof typeof TEXTS["es"]} name */
const say = (name) => TEXTS[language][name];

/** Put the same text wherever the page has this class, once a language. @param {string} name @param {string} text */
function fill(name, text) {
  for (const place of document.getElementsByClassName(name)) place.textContent = text;
}

/**
 * The lists of an export. The frontend's own export is the object itself; a copy of the whole localStorage wraps it, as
 * text, under its key.
 * @param {string} text
 * @returns {{text: string, counts: Map<string, number>}}
 */
function read(text) {
  /** @type {Record<string, unknown> | null} */
  let value;
  try {
    value = JSON.parse(text);
    const wrapped = value?.[KEY];
    if (wrapped) {
      text = typeof wrapped === "string" ? wrapped : JSON.stringify(wrapped);
      value = JSON.parse(text);
    }
  } catch {
    throw new Error(say("broken"));
  }
  const counts = new Map();
  for (const name of COLLECTIONS) {
    const list = value?.[name];
    if (Array.isArray(list)) counts.set(name, list.length);
  }
  if (counts.size === 0) throw new Error(say("empty"));
  return { text, counts };
}

/** Take an export from somewhere and show what is in it. @param {string} text @param {string} source */
function take(text, source) {
  show("result", false);
  try {
    const { text: taken, counts } = read(text);
    data = taken;
    table("counts", [...counts].map(([name, count]) => [name, String(count)]));
    fill("source", source);
    show("unreadable", false);
  } catch (error) {
    data = "";
    fill("reason", words(error));
    show("unreadable", true);
  }
  show("found", data !== "");
  show("upload", data !== "");
}

/** @param {string} id @param {string[][]} rows @param {string[]} [head] */
function table(id, rows, head) {
  const line = (/** @type {string[]} */ cells, /** @type {"td" | "th"} */ kind) => {
    const row = document.createElement("tr");
    row.append(...cells.map((cell) => Object.assign(document.createElement(kind), { textContent: cell })));
    return row;
  };
  part(id).replaceChildren(...(head ? [line(head, "th")] : []), ...rows.map((cells) => line(cells, "td")));
}

/** @param {string} text */
const download = (text) => save(new Blob([text], { type: "application/json" }), FILE_NAME);

/** With this page's own session, whoever is logged in elsewhere. @param {string} path @param {unknown} [body] */
const post = (path, body) => ask("POST", path, body, { Authorization: token ? `Bearer ${token}` : "", "Content-Type": "application/json" });

/** @param {boolean} dryRun */
async function upload(dryRun) {
  report(await post(`/api/system/import?dryRun=${dryRun}`, new Blob([data])), dryRun);
}

/** @param {ImportReport} answer @param {boolean} dryRun */
function report(answer, dryRun) {
  const tallies = Object.entries(answer.collections);
  const count = (/** @type {unknown} */ value) => String(Array.isArray(value) ? value.length : value);
  table(
    "report",
    tallies.map(([name, tally]) => [name, ...COUNTS.map((what) => count(tally[/** @type {keyof Tally} */ (what)]))]),
    ["", ...COUNTS.map((what) => say(/** @type {keyof typeof TEXTS["es"]} */ (what)))],
  );
  const told = (/** @type {Entry} */ entry) =>
    entry.reason ?? [entry.field, entry.why ? `${entry.what} (${entry.why})` : entry.what].filter(Boolean).join(": ");
  const entries = /** @type {const} */ (["rejected", "repaired", "noted"]).flatMap((what) =>
    tallies.flatMap(([name, tally]) =>
      tally[what].map((entry) => `${say(what)}: ${name} ${entry.id} (${say("row")} ${entry.row}): ${told(entry)}`),
    ),
  );
  entries.push(...answer.noted.map((note) => `${say("noted")}: ${note}`));
  part("details").replaceChildren(
    ...entries.map((text) => Object.assign(document.createElement("li"), { textContent: text })),
  );
  part("verdict").textContent = say(dryRun ? "checked" : "imported");
  show("confirmation", dryRun);
  show("result", true);
}

/** Do one step with the buttons out of reach, and say what went wrong. @param {() => Promise<void>} step */
async function step(step) {
  const buttons = [...part("upload").querySelectorAll("button")];
  for (const button of buttons) button.disabled = true;
  show("busy", true);
  show("failure", false);
  try {
    await step();
  } catch (error) {
    show("result", false);
    part("failure").textContent = words(error);
    show("failure", true);
  } finally {
    for (const button of buttons) button.disabled = false;
    show("busy", false);
  }
}

async function logOut() {
  if (token) await post("/api/auth/logout").catch(() => undefined);
  token = "";
}

/** The way back: a server's export in place of what this browser has. What it has is downloaded, so that nothing is lost. */
function restore() {
  const before = localStorage.getItem(KEY);
  if (before !== null) download(before);
  try {
    localStorage.setItem(KEY, former);
    part("restored").textContent = say("restored");
  } catch {
    part("restored").textContent = say("full");
  }
}

part("download").addEventListener("click", () => download(data));
part("check").addEventListener("submit", (event) => {
  event.preventDefault();
  const pin = /** @type {HTMLInputElement} */ (part("pin"));
  void step(async () => {
    await logOut();
    token = (await post("/api/auth/login", { pin: pin.value })).token;
    pin.value = "";
    await upload(true);
  });
});
part("import").addEventListener("click", () => {
  void step(async () => {
    await upload(false);
    await logOut();
  });
});
part("file").addEventListener("change", async (event) => {
  const file = /** @type {HTMLInputElement} */ (event.target).files?.[0];
  if (file) take(await file.text(), file.name);
});
part("former").addEventListener("change", async (event) => {
  const file = /** @type {HTMLInputElement} */ (event.target).files?.[0];
  try {
    former = file ? read(await file.text()).text : "";
    part("restored").textContent = "";
  } catch (error) {
    former = "";
    part("restored").textContent = words(error);
  }
  /** @type {HTMLButtonElement} */ (part("restore")).disabled = former === "";
});
part("restore").addEventListener("click", restore);
top();
/** @type {HTMLTextAreaElement} */ (part("snippet")).value = SNIPPET;
part("bookmarklet").setAttribute("href", `javascript:${encodeURIComponent(SNIPPET)}`);
fill("origin", location.origin);
const kept = localStorage.getItem(KEY);
show("missing", kept === null);
if (kept !== null) take(kept, location.origin);
