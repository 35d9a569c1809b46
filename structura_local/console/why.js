// @ts-check
// Why an object is as it is: each field with who wrote it, where and when; its changes; its conflicts.

import { ask, say } from "./client.js";
import { card, facts, field, h, select, table, value, when } from "./dom.js";
import * as words from "./words.js";

const RULES = () => ({
  "last-writer": say("vale lo último escrito", "the last write stands"),
  counter: say("contador: se suma lo que cada uno agregó", "counter: what each added is summed up"),
  set: say("lista: cuenta cada agregado y quitado", "list: each add and remove counts"),
});

/** @param {import("./app.js").Context} context */
export async function show({ root, query, gone }) {
  const list = select({ name: "collection" }, words.collections.map((name) => [name, words.collection(name)]), query.get("collection") ?? "jobs");
  const id = h("input", { name: "id", value: query.get("id") ?? "", required: true, placeholder: "JOBS-…", autocomplete: "off", spellcheck: "false" });
  const found = h("div", { class: "stack" });
  const form = h("form", { class: "card" },
    h("div", { class: "form" }, field(say("De qué lista", "Of which list"), list), field("Id", id), h("button", { class: "primary" }, say("Mostrar", "Show"))));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    location.hash = `#/why?collection=${list.value}&id=${encodeURIComponent(id.value.trim())}`;
  });
  root.replaceChildren(
    h("p", { class: "note" }, say("Quién escribió cada valor, dónde y cuándo, y cuándo lo supo la central. También de lo eliminado.", "Who wrote each value, where and when, and when head office heard of it. Also of what was deleted.")), form, found);
  if (!query.get("id")) return;
  const why = await ask("GET", `/api/system/why/${query.get("collection")}/${encodeURIComponent(query.get("id") ?? "")}`);
  if (gone()) return;
  const who = (/** @type {any} */ by) => [by.userId ? (why.users?.[by.userId] ?? by.userId) : null, by.node ? say(`en ${by.node}`, `at ${by.node}`) : null].filter(Boolean).join(" ");
  found.replaceChildren(
    card(`${words.collection(why.collection)} ${why.id}`,
      facts([
        [say("Estado", "State"), h("span", { class: `tag ${why.alive ? "good" : "bad"}` }, why.alive ? say("existe", "exists") : say("eliminado", "deleted"))],
        [say("Creado", "Created"), `${when(why.created.at)} ${who(why.created)}`],
        [say("Central", "Head office"), why.waits ? say("todavía falta que sepa de algo", "has yet to hear of something") : say("lo sabe todo", "knows all")],
      ])),
    card(say("Campos", "Fields"),
      table([{ name: say("Campo", "Field") }, { name: say("Valor", "Value") }, { name: say("Escrito por", "Written by") }, { name: say("Cuándo", "When"), kind: "tight" }, { name: say("Regla", "Rule") }],
        why.fields.map((/** @type {any} */ one) => [h("code", {}, one.field), h("strong", {}, value(one.value)), who(one.written), when(one.written.at), h("span", { class: "note" }, RULES()[/** @type {"set"} */ (one.rule)])]),
        say("Sin campos.", "No fields."))),
    card(say(`Cambios (${why.changeCount})`, `Changes (${why.changeCount})`),
      table([{ name: say("Cuándo", "When"), kind: "tight" }, { name: say("Qué", "What") }, { name: say("Quién", "Who") }, { name: say("En la central", "At head office"), kind: "tight" }],
        why.changes.map((/** @type {any} */ one) => [when(one.at), [h("span", { class: `tag ${words.tone(one.kind)}` }, words.kind(one.kind)), ...differences(one.fields)],
          who(one.written) || words.origin(one.origin),
          one.origin === "sync" ? say("vino de allí", "came from there") : one.reachedCentral ? when(one.reachedCentral) : one.refused ? say("rechazado", "refused") : say("espera", "waits")]),
        say("Sin cambios registrados.", "No changes logged."))),
    h("p", { hidden: why.conflicts.length === 0 }, h("a", { href: "#/conflicts" }, say(`${why.conflicts.length} conflictos`, `${why.conflicts.length} conflicts`))));
}

const AT_ONCE = 3; // differences that are shown without being asked for

/** What a change made of each field. @param {Record<string, [unknown, unknown]>} fields */
export function differences(fields) {
  const all = Object.entries(fields).map(([name, [before, after]]) =>
    h("span", { class: "change" }, h("code", {}, name), ": ", ...(before === null || before === undefined ? [] : [h("del", {}, value(before)), " → "]), h("ins", {}, value(after))));
  if (all.length <= AT_ONCE + 1) return all;
  const rest = all.slice(AT_ONCE);
  return [...all.slice(0, AT_ONCE), h("details", {}, h("summary", { class: "note" }, say(`y ${rest.length} campos más`, `and ${rest.length} fields more`)), ...rest)];
}
