// @ts-check
// Values that lost to a write which had not seen them: both side by side, to be brought back or left as it is.

import { ask, page, say } from "./client.js";
import { button, h, sure, toast, value, when } from "./dom.js";
import * as words from "./words.js";

/** @param {string} node @param {string} here */
function where(node, here) {
  if (node === here) return say("en esta PC", "on this PC");
  return node === "central" ? say("en la central", "at head office") : say(`en ${node}`, `at ${node}`);
}

/** @param {any} side @param {boolean} won @param {Map<string, string>} names @param {string} here */
function version(side, won, names, here) {
  return h("div", { class: won ? "won" : "" },
    h("span", { class: `tag ${won ? "good" : ""}` }, won ? say("vale", "stands") : say("perdió", "lost")),
    h("span", { class: "value" }, side.deleted ? say("eliminado", "deleted") : value(side.value)),
    h("span", { class: "note" }, [side.userId ? (names.get(side.userId) ?? side.userId) : null, side.at ? when(side.at) : null, side.node ? where(side.node, here) : null].filter(Boolean).join(" · ")));
}

/** @param {import("./app.js").Context} context */
export async function show({ root, onChange, gone }) {
  let all = false;
  const list = h("div", { class: "stack" });
  const filter = h("label", { class: "check" }, h("input", { type: "checkbox", onchange: (/** @type {Event} */ event) => {
    all = /** @type {HTMLInputElement} */ (event.target).checked;
    void draw();
  } }), h("span", {}, say("Mostrar también los ya vistos", "Show those already seen too")));
  const { node } = await ask("GET", "/api/system/status");
  const names = new Map((await ask("GET", "/api/users/directory")).map((/** @type {any} */ one) => [one.id, one.name]));

  /** @param {any} entry */
  function one(entry) {
    const address = `/api/system/conflicts/${encodeURIComponent(entry.id)}`;
    return h("article", { class: "card" },
      h("div", { class: "row spread" },
        h("h2", {}, h("a", { href: `#/why?collection=${entry.collection}&id=${encodeURIComponent(entry.rowId)}` }, `${words.collection(entry.collection)} ${entry.rowId}`), " · ", h("code", {}, entry.field)),
        h("span", { class: "note" }, when(entry.at), " ", entry.seen && h("span", { class: "tag" }, say("visto", "seen")))),
      h("div", { class: "versus" }, version(entry.winner, true, names, node), version(entry.loser, false, names, node)),
      h("div", { class: "row" },
        button(say("Recuperar el que perdió", "Bring the lost one back"), () => sure(
          say("¿Escribir de nuevo el valor que perdió?", "Write the lost value again?"),
          say("Es un cambio como cualquier otro, a su nombre. Llega también a la central.", "It is a change like any other, in your name. It reaches head office too."),
          say("Recuperar", "Bring back"), async () => {
            await ask("POST", `${address}/restore`);
            toast(say("Recuperado.", "Brought back."));
            await draw();
          }, "primary")),
        !entry.seen && button(say("Está bien así", "Fine as it is"), async () => {
          await ask("PATCH", address, { seen: true });
          await draw();
        }, "plain")));
  }

  async function draw() {
    const { rows } = await page(`/api/system/conflicts?limit=200${all ? "" : "&seen=false"}`);
    if (gone()) return;
    list.replaceChildren(...(rows.length ? rows.map(one) : [h("div", { class: "card empty" }, all ? say("Nunca hubo un conflicto.", "There never was a conflict.") : say("No hay conflictos sin mirar.", "No conflict waits to be looked at."))]));
  }
  root.replaceChildren(
    h("p", { class: "note" }, say("Dos personas escribieron un mismo campo sin saber una de la otra. Vale lo último que se escribió; lo otro está aquí.", "Two people wrote one field without knowing of each other. The later write stands; the other one is here.")),
    filter, list);
  await draw();
  let due = 0;
  onChange(() => {
    clearTimeout(due);
    due = window.setTimeout(() => void draw().catch(() => undefined), 1000);
  });
}
