// @ts-check
// The steps of an import: choose a file, see what would happen, do it. `/setup` and the console both have them.

import { say } from "./client.js";
import { button, field, h, words } from "./dom.js";
import { report } from "./report.js";

/** @typedef {import("./report.js").ImportReport} ImportReport */

/**
 * @param {(file: File, dryRun: boolean) => Promise<ImportReport>} send @param {() => void} [done]
 */
export function importing(send, done = () => undefined) {
  const file = h("input", { type: "file", accept: ".json,.db,.sqlite,application/json" });
  const result = h("div", { class: "stack", "aria-live": "polite" });
  const unchanged = h("span", { class: "note" }, say("Todavía no cambia nada.", "Nothing is changed yet."));
  const check = button(say("Comprobar", "Check"), () => run(true), "primary");
  check.disabled = true;
  file.addEventListener("change", () => {
    check.disabled = !file.files?.length;
    unchanged.hidden = false;
    result.replaceChildren();
  });

  /** @param {boolean} dryRun */
  async function run(dryRun) {
    const chosen = file.files?.[0];
    if (!chosen) return;
    result.replaceChildren(h("p", { class: "note", role: "status" }, say("Un momento…", "One moment…")));
    try {
      const said = await send(chosen, dryRun);
      result.replaceChildren(report(said));
      unchanged.hidden = !dryRun;
      if (dryRun) result.append(h("div", {}, button(say("Importar ahora", "Import now"), () => run(false), "primary")));
      else done();
    } catch (error) {
      result.replaceChildren(h("p", { class: "said bad", role: "alert" }, words(error)));
    }
  }

  return h("div", { class: "stack" },
    h("div", { class: "row" }, field(say("Archivo", "File"), file), check, unchanged), result);
}
