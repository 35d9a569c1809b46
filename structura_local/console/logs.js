// @ts-check
// The server's log, with search.

import { ask, say } from "./client.js";
import { button, field, h, moment, select } from "./dom.js";

const TONES = /** @type {Record<string, string>} */ ({ ERROR: "bad", CRITICAL: "bad", WARNING: "warn", INFO: "accent", DEBUG: "" });
const LINES = "300";

/** A text with what was searched for marked. @param {string} text @param {string} wanted */
function marked(text, wanted) {
  if (!wanted) return [text];
  const parts = [];
  let from = 0;
  const [all, part] = [text.toLowerCase(), wanted.toLowerCase()];
  for (let at = all.indexOf(part); at >= 0; at = all.indexOf(part, from)) {
    parts.push(text.slice(from, at), h("mark", {}, text.slice(at, at + part.length)));
    from = at + part.length;
  }
  return [...parts, text.slice(from)];
}

/** @param {import("./app.js").Context} context */
export async function show({ root, query, every, gone }) {
  const text = h("input", { name: "q", type: "search", value: query.get("q") ?? "", placeholder: say("sync, login, 10.0.0.7 …", "sync, login, 10.0.0.7 …") });
  const level = select({ name: "level" }, [["", say("todos", "all")], ["WARNING", say("avisos y errores", "warnings and errors")], ["ERROR", say("solo errores", "errors only")]], query.get("level") ?? "");
  const lines = h("div", { class: "log", role: "log", "aria-label": say("Registro", "Log") });
  const form = h("form", { class: "form" }, field(say("Buscar", "Search"), text), field(say("Gravedad", "Severity"), level), h("button", { class: "primary" }, say("Buscar", "Search")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void draw();
  });
  level.addEventListener("change", () => void draw());

  async function draw() {
    const asked = new URLSearchParams({ limit: LINES });
    if (text.value) asked.set("q", text.value);
    if (level.value) asked.set("level", level.value);
    const found = await ask("GET", `/api/system/logs?${asked}`);
    if (gone()) return;
    lines.replaceChildren(...found.map((/** @type {any} */ one) =>
      h("div", {},
        h("span", { class: "note number" }, moment(one.at)),
        h("span", {}, h("span", { class: `tag ${TONES[one.level] ?? ""}` }, one.level)),
        h("span", { class: "code" }, ...marked(one.message, text.value), h("span", { class: "note" }, ` ${one.logger}`)))),
      found.length === 0 && h("p", { class: "empty" }, say("Ninguna línea así.", "No such line.")) || "");
  }
  root.replaceChildren(h("section", { class: "card" }, form, h("div", { class: "row spread" },
    h("p", { class: "note" }, say("Lo más nuevo arriba. Sin secretos: están tapados.", "Newest first. No secrets: they are blotted out.")), button(say("Actualizar", "Refresh"), draw, "small")), lines));
  await draw();
  every(10_000, () => draw().catch(() => undefined));
}
