// @ts-check
// An administrator logs in, chooses a backup, and waits until the server answers with it.

import { ask as request, language, Problem, say } from "/console/client.js";
import { h, words } from "/console/dom.js";
import { top } from "/console/top.js";

const KINDS = () => ({
  hourly: say("automática", "made by itself"), manual: say("hecha a mano", "made by hand"), added: say("agregada", "added"),
  "before-restore": say("de antes de restaurar", "of before a restore"), "before-upgrade": say("de antes de actualizar", "of before an upgrade"),
});

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const form = /** @type {HTMLFormElement} */ (element("login"));
const pin = /** @type {HTMLInputElement} */ (element("pin"));
let token = ""; // lives as long as this page: who restores is not at work here

/** @param {string} text @param {boolean} [wrong] */
function tell(text, wrong = false) {
  element("said").textContent = text;
  element("said").classList.toggle("error", wrong);
}

/** @param {string} method @param {string} path @param {unknown} [body] */
const ask = (method, path, body) => request(method, path, body, { Authorization: token ? `Bearer ${token}` : "" });

/** @param {() => Promise<void>} work */
async function attempt(work) {
  try {
    await work();
  } catch (error) {
    tell(words(error), true);
  }
}

/** @param {Record<string, number>} counts */
function list(counts) {
  return Object.entries(counts).map(([name, count]) => `${name} ${count}`).join(", ");
}

async function show() {
  /** @type {{id: string, at: string, kind: string, counts: Record<string, number>}[]} */
  const backups = await ask("GET", "/api/system/backups");
  const kinds = KINDS();
  element("backups").replaceChildren(...backups.map((backup) => {
    const when = new Date(backup.at).toLocaleString(language);
    const question = say(`¿Restaurar la copia de ${when}?`, `Restore the backup of ${when}?`);
    return h("li", {}, h("strong", {}, when), h("div", {}, `${kinds[/** @type {"manual"} */ (backup.kind)] ?? backup.kind} – ${list(backup.counts)}`),
      h("button", { type: "button", class: "primary", onclick: () => attempt(() => restore(backup.id, question)) }, say("Restaurar esta", "Restore this one")));
  }));
  element("present").hidden = false;
  if (backups.length === 0) tell(say("No hay ninguna copia en esta PC.", "There is no backup on this PC."));
}

/** @param {string} id @param {string} question */
async function restore(id, question) {
  if (question && !confirm(question)) return;
  tell(say("Restaurando…", "Restoring…"));
  const report = await ask("POST", `/api/system/backups/${id}/restore`);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    if (await request("GET", "/readyz").then(() => true, () => false)) break;
  }
  form.hidden = element("present").hidden = true;
  element("backups").replaceChildren();
  element("damage").textContent = "";
  tell(`${say("Restaurada. Ahora hay:", "Restored. There are now:")} ${list(report.after)}`);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void attempt(async () => {
    tell("");
    token = (await ask("POST", "/api/auth/login", { pin: pin.value })).token;
    await show();
    form.hidden = true;
  });
});
element("present").addEventListener("click", () => attempt(() => restore("present", "")));

/** What is wrong, as the server says it. A plant that is well has nothing to say here. */
async function look() {
  const state = await request("GET", "/readyz").catch((error) => error);
  element("damage").textContent = state instanceof Problem ? state.message : "";
}
top(() => void (form.hidden ? attempt(show) : undefined, look()));
await look();
