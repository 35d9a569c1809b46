// @ts-check
// An import's report as a page shows it: counts, and each thing that was repaired, rejected or wants looking at.

import { say } from "./client.js";
import { count, h, table } from "./dom.js";
import * as words from "./words.js";

/** @typedef {{row: number, id: string, reason?: string, field?: string, what?: string, why?: string}} Entry */
/** @typedef {{read: number, new: number, changed: number, same: number, repaired: Entry[], rejected: Entry[], noted: Entry[]}} Tally */
/** @typedef {{dryRun: boolean, collections: Record<string, Tally>, noted: string[]}} ImportReport */

const SHOWN = 200; // entries of a kind; the command's --json has all

/** @param {Entry} entry */
const told = (entry) => entry.reason ?? [entry.field, entry.why ? `${entry.what} (${entry.why})` : entry.what].filter(Boolean).join(": ");

/** @param {ImportReport} report */
export function report(report) {
  const tallies = Object.entries(report.collections);
  const columns = [
    { name: say("Lista", "List") },
    ...[say("Leídos", "Read"), say("Nuevos", "New"), say("Cambian", "Changed"), say("Iguales", "Same"), say("Corregidos", "Repaired"), say("Rechazados", "Rejected"), say("Avisos", "Noted")]
      .map((name) => ({ name, kind: "number" })),
  ];
  const rows = tallies.filter(([, tally]) => tally.read > 0).map(([name, tally]) => [
    words.collection(name), ...[tally.read, tally.new, tally.changed, tally.same, tally.repaired.length, tally.rejected.length, tally.noted.length].map((n) => (n ? count(n) : "–")),
  ]);
  const lists = /** @type {const} */ (["rejected", "repaired", "noted"]).map((what) => {
    const entries = tallies.flatMap(([name, tally]) => tally[what].map((entry) => ({ name, entry })));
    const extra = what === "noted" ? report.noted : [];
    if (entries.length + extra.length === 0) return null;
    const title = { rejected: say("Rechazados", "Rejected"), repaired: say("Corregidos", "Repaired"), noted: say("Avisos", "Noted") }[what];
    const tone = { rejected: "bad", repaired: "warn", noted: "accent" }[what];
    return h("details", { open: what === "rejected" },
      h("summary", {}, h("span", { class: `tag ${tone}` }, `${title}: ${entries.length + extra.length}`)),
      h("ul", {},
        ...extra.map((note) => h("li", {}, note)),
        ...entries.slice(0, SHOWN).map(({ name, entry }) => h("li", {}, h("strong", {}, `${words.collection(name)} ${entry.id || ""}`), ` (${say("fila", "row")} ${entry.row}): ${told(entry)}`)),
        entries.length > SHOWN && h("li", { class: "note" }, say(`… y ${entries.length - SHOWN} más`, `… and ${entries.length - SHOWN} more`))));
  });
  const fresh = tallies.reduce((sum, [, tally]) => sum + tally.new + tally.changed, 0);
  const verdict = report.dryRun
    ? say(`Comprobado; todavía no se cambió nada. Se importarían ${count(fresh)} filas.`, `Checked; nothing was changed yet. ${count(fresh)} rows would be imported.`)
    : say(`Importado: ${count(fresh)} filas. Los datos se volvieron a leer y son los del archivo.`, `Imported: ${count(fresh)} rows. The data was read back and equals the file.`);
  return h("div", { class: "stack" },
    h("p", { class: `said ${report.dryRun ? "" : "good"}`, role: "status" }, verdict),
    h("div", { class: "card" }, table(columns, rows, say("El archivo no tiene filas.", "The file has no rows."))), ...lists.filter((list) => list !== null));
}
