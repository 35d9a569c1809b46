// @ts-check
// The change log: who changed what, when, from what to what.

import { ask, page, say } from "./client.js";
import { button, field, h, select, table, when } from "./dom.js";
import { differences } from "./why.js";
import * as words from "./words.js";

/** @param {import("./app.js").Context} context */
export async function show({ root, query, gone }) {
  const names = new Map((await ask("GET", "/api/users/directory")).map((/** @type {any} */ one) => [one.id, one.name]));
  const any = /** @type {[string, string]} */ (["", say("cualquiera", "any")]);
  const pick = (/** @type {string} */ name, /** @type {string[]} */ values, /** @type {(value: string) => string} */ text) =>
    select({ name }, [any, ...values.map((value) => /** @type {[string, string]} */ ([value, text(value)]))], query.get(name) ?? "");
  const form = h("form", { class: "card form" },
    field(say("Lista", "List"), pick("collection", words.collections, words.collection)),
    field(say("Qué", "What"), pick("kind", words.kinds, words.kind)),
    field(say("Quién", "Who"), pick("userId", [...names.keys()], (id) => names.get(id) ?? id)),
    field(say("Origen", "Origin"), pick("origin", words.origins, words.origin)),
    field("Id", h("input", { name: "rowId", value: query.get("rowId") ?? "", autocomplete: "off", spellcheck: "false" })),
    h("button", { class: "primary" }, say("Filtrar", "Filter")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const wanted = [...new FormData(form)].filter(([, value]) => value !== "").map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
    location.hash = `#/changes${wanted.length ? `?${wanted.join("&")}` : ""}`;
  });
  const asked = new URLSearchParams([...query].filter(([, value]) => value !== ""));
  asked.set("limit", "50");
  /** @type {import("./dom.js").Child[][]} */
  const lines = [];
  const list = h("div", { class: "card" });

  /** @param {string} address */
  async function more(address) {
    const { rows, next } = await page(address);
    if (gone()) return;
    for (const one of rows) {
      lines.push([
        when(one.at),
        [h("span", { class: `tag ${words.tone(one.kind)}` }, words.kind(one.kind)), " ", h("a", { href: `#/why?collection=${one.collection}&id=${encodeURIComponent(one.rowId)}` }, `${words.collection(one.collection)} ${one.rowId}`)],
        one.kind === "delete" || one.kind === "restore" ? "–" : differences(one.fields),
        one.userId ? (names.get(one.userId) ?? one.userId) : h("span", { class: "note" }, words.origin(one.origin)),
      ]);
    }
    list.replaceChildren(table([{ name: say("Cuándo", "When"), kind: "tight" }, { name: say("Qué", "What") }, { name: say("Cambio", "Change") }, { name: say("Quién", "Who") }], lines,
      say("Ningún cambio así.", "No such change.")));
    if (next) list.append(h("div", { class: "more-row" }, button(say("Más antiguos", "Older ones"), () => more(next))));
  }
  root.replaceChildren(form, list);
  await more(`/api/system/changes?${asked}`);
}
