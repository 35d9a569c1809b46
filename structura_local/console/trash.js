// @ts-check
// What was deleted in the last 90 days, and how it comes back.

import { ask, page, say } from "./client.js";
import { button, field, h, select, table, toast, when } from "./dom.js";
import * as words from "./words.js";

/** @param {import("./app.js").Context} context */
export async function show({ root, query, gone }) {
  const list = h("div", { class: "card" });
  const names = new Map((await ask("GET", "/api/users/directory")).map((/** @type {any} */ one) => [one.id, one.name]));
  const filter = select({}, [["", say("todas", "all")], ...words.collections.map((name) => /** @type {[string, string]} */ ([name, words.collection(name)]))], query.get("collection") ?? "");
  filter.addEventListener("change", () => void draw());

  async function draw() {
    const { rows } = await page(`/api/system/trash?limit=500${filter.value ? `&collection=${filter.value}` : ""}`);
    if (gone()) return;
    const lines = rows.map((one) => [
      h("span", { class: "tag" }, words.collection(one.collection)),
      [h("strong", {}, one.data.name ?? one.data.productName ?? one.data.message ?? one.data.content ?? one.id), h("div", { class: "note" }, h("a", { href: `#/why?collection=${one.collection}&id=${encodeURIComponent(one.id)}` }, one.id))],
      when(one.deletedAt),
      one.deletedBy ? (names.get(one.deletedBy) ?? one.deletedBy) : "–",
      button(say("Recuperar", "Bring back"), async () => {
        await ask("POST", `/api/system/trash/${one.collection}/${encodeURIComponent(one.id)}/restore`);
        toast(say("Recuperado.", "Brought back."));
        await draw();
      }, "small"),
    ]);
    list.replaceChildren(table([{ name: say("Lista", "List") }, { name: say("Objeto", "Object") }, { name: say("Eliminado", "Deleted"), kind: "tight" }, { name: say("Por", "By") }, { name: "", kind: "acts" }], lines,
      say("La papelera está vacía.", "The trash is empty.")));
  }
  root.replaceChildren(h("div", { class: "row spread" }, h("p", { class: "note" }, say("Lo eliminado se puede recuperar durante 90 días.", "What was deleted can be brought back for 90 days.")), field(say("Lista", "List"), filter)), list);
  await draw();
}
