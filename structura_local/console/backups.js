// @ts-check
// Backups: which there are, a new one, its file, and putting one in the place of the database.

import { ask, download, patiently, Problem, say } from "./client.js";
import { ago, button, card, count, dialog, facts, h, size, table, toast, when } from "./dom.js";
import * as words from "./words.js";

const KINDS = () => ({
  hourly: say("automática", "by itself"), manual: say("hecha a mano", "by hand"), added: say("agregada", "added"),
  "before-upgrade": say("antes de actualizar", "before an upgrade"), "before-restore": say("antes de restaurar", "before a restore"),
});

/** @param {any} said `backups` of the status */
function state(said) {
  const tone = said.state === "fine" ? "good" : said.state === "none" ? "warn" : "bad";
  const title = { fine: say("Al día", "Up to date"), none: say("Todavía ninguna", "None yet"), stale: say("Atrasadas", "Stale"), failing: say("Fallan", "Failing") }[/** @type {"fine"} */ (said.state)] ?? said.state;
  const second = said.secondPlace;
  return facts([
    [say("Estado", "State"), h("span", { class: `tag ${tone}` }, title)],
    [say("La última", "The latest"), said.newestAt && `${when(said.newestAt)} (${ago(said.newestAt)})`],
    [say("Error", "Error"), said.lastError && h("span", { class: "error" }, said.lastError)],
    [say("Ensayo de restauración", "Restore drill"), said.drilledAt ? say(`superado ${when(said.drilledAt)}`, `passed ${when(said.drilledAt)}`) : null],
    [say("Segundo lugar", "Second place"), second ? [h("code", {}, second.path), " ", second.error ? h("span", { class: "error" }, second.error) : second.copiedAt && when(second.copiedAt)] : say("ninguno: si este disco se pierde, se pierden las copias", "none: if this disk is lost, so are the backups")],
    [say("Ocupan", "Take up"), size(said.bytes ?? 0)],
  ]);
}

/** What a restore changes, by collection. @param {Record<string, number>} before @param {Record<string, number>} after @param {string} then @param {string} now their names */
const counts = (before, after, then, now) =>
  table([{ name: say("Lista", "List") }, { name: then, kind: "number" }, { name: now, kind: "number" }],
    Object.keys(after).map((name) => [words.collection(name.replace("_", "-")), count(before[name] ?? 0), count(after[name] ?? 0)]), "");

/** Restore a backup; returns what that did, once the server answers with it. @param {string} id @param {HTMLElement} progress */
async function putBack(id, progress) {
  progress.hidden = false;
  progress.textContent = say("1 de 2: se comprueba la copia y se prepara…", "1 of 2: the backup is checked and made ready…");
  try {
    const report = await ask("POST", `/api/system/backups/${encodeURIComponent(id)}/restore`);
    progress.textContent = say("2 de 2: se pone en su lugar; el servidor empieza de nuevo…", "2 of 2: it is put in its place; the server begins anew…");
    await patiently("GET", "/api/system/status", ({ backups }) => backups.lastRestore?.keptAs === report.keptAs);
    return report;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) toast(say("Restaurado. Su sesión terminó: entre con el PIN que tenía entonces.", "Restored. Your session has ended: log in with the PIN that you had then."));
    throw error;
  } finally {
    progress.hidden = true;
  }
}

/** @param {import("./app.js").Context} context */
export async function show({ root, every, gone }) {
  const head = h("div");
  const list = h("div", { class: "card" });
  const make = button(say("Hacer una copia ahora", "Make a backup now"), async () => {
    await ask("POST", "/api/system/backups");
    toast(say("Copia hecha, abierta y comprobada.", "Made, opened and checked."));
    await draw();
  }, "primary");

  const progress = h("p", { class: "said", role: "status", hidden: true });
  const outcome = h("div", { class: "stack" });
  const restore = (/** @type {any} */ one, /** @type {Record<string, number>} */ now) => dialog({
    title: say(`¿Volver a ${when(one.at)}?`, `Go back to ${when(one.at)}?`), confirm: say("Restaurar", "Restore"), kind: "danger",
    content: [
      h("p", {}, say("La copia reemplaza todos los datos. Los de ahora se guardan antes como otra copia, y lo que ya estaba en la central vuelve con el próximo intercambio.", "The backup takes the place of all data. What is there now is kept as another backup first, and what head office had already comes back with the next exchange.")),
      counts(now, one.counts, say("En la más reciente", "In the newest"), say("En esta", "In this one")),
      h("label", { class: "check" }, h("input", { type: "checkbox", required: true }), h("span", {}, say("Entiendo que se pierden los cambios hechos desde entonces que la central no tiene.", "I understand that changes since then which head office does not have are lost."))),
      progress,
    ],
    submit: () => putBack(one.id, progress),
  }).then(async (report) => {
    if (!report) return;
    outcome.replaceChildren(h("div", { class: "said good", role: "status" }, say(`Restaurado: los datos son los de ${when(one.at)}.`, `Restored: the data is that of ${when(one.at)}.`)),
      card(say("Lo que cambió", "What it changed"), counts(report.before, report.after, say("Antes", "Before"), say("Ahora", "Now")),
        h("p", { class: "note" }, say("Lo que había antes quedó guardado como otra copia.", "What was there before was kept as another backup."))));
    await draw();
    outcome.scrollIntoView({ block: "nearest" });
  });

  async function draw() {
    const [status, backups] = await Promise.all([ask("GET", "/api/system/status"), ask("GET", "/api/system/backups")]);
    if (gone()) return;
    const kinds = KINDS();
    const newest = backups[0]?.counts ?? {};
    head.replaceChildren(card(say("Estado", "State"), status.backups && state(status.backups), h("p", {}, make)));
    list.replaceChildren(table([{ name: say("De cuándo", "As of"), kind: "tight" }, { name: say("Por qué", "Why") }, { name: say("Objetos", "Objects"), kind: "number" }, { name: say("Tamaño", "Size"), kind: "number" }, { name: say("Versión", "Version") }, { name: "", kind: "acts" }],
      backups.map((/** @type {any} */ one) => [
        [when(one.at), h("div", { class: "note" }, ago(one.at))],
        [h("span", { class: "tag" }, kinds[/** @type {"hourly"} */ (one.kind)] ?? one.kind), one.drilledAt && h("div", { class: "note" }, say("ensayada", "drilled"))],
        count(Object.values(/** @type {Record<string, number>} */ (one.counts)).reduce((sum, n) => sum + n, 0)), size(one.bytes), one.version,
        [button(say("Descargar", "Download"), () => download(`/api/system/backups/${encodeURIComponent(one.id)}/file`, `${one.id}.db`), "small plain"),
          button(say("Restaurar…", "Restore…"), () => restore(one, newest), "small danger")],
      ]), say("Todavía no hay copias.", "There are no backups yet.")));
  }
  root.replaceChildren(outcome, head, list);
  await draw();
  every(15_000, () => draw().catch(() => undefined));
}
