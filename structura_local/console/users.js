// @ts-check
// Users: who there is, their roles, a new PIN for who forgot theirs.

import { ask, say, user } from "./client.js";
import { button, dialog, field, h, select, sure, table, toast } from "./dom.js";
import * as words from "./words.js";

const digits = (/** @type {Record<string, unknown>} */ more) =>
  h("input", { name: "pin", inputmode: "numeric", autocomplete: "off", pattern: "[0-9]{4,8}", maxlength: 8, title: say("De 4 a 8 cifras", "4 to 8 digits"), ...more });

/** @param {any} [one] */
const form = (one) => [
  field(say("Nombre", "Name"), h("input", { name: "name", required: true, value: one?.name ?? "", autocomplete: "off" })),
  field(say("Rol", "Role"), select({ name: "role" }, words.roles.map((name) => [name, words.role(name)]), one?.role ?? "OPERATOR")),
];

/** @param {import("./app.js").Context} context */
export async function show({ root, onChange, gone }) {
  const list = h("div", { class: "card" });

  const add = () => dialog({
    title: say("Usuario nuevo", "New user"), confirm: say("Crear", "Create"),
    content: [...form(), field(say("PIN (de 4 a 8 cifras)", "PIN (4 to 8 digits)"), digits({ required: true }))],
    submit: (said) => ask("POST", "/api/users", Object.fromEntries(said)),
  }).then((made) => made && draw());

  const edit = (/** @type {any} */ one) => dialog({
    title: one.name, content: form(one), confirm: say("Guardar", "Save"),
    submit: (said) => ask("PATCH", `/api/users/${encodeURIComponent(one.id)}`, Object.fromEntries(said)),
  }).then((made) => made && draw());

  const reset = (/** @type {any} */ one) => dialog({
    title: say(`PIN nuevo para ${one.name}`, `New PIN for ${one.name}`), confirm: say("Cambiar PIN", "Change the PIN"),
    content: [
      h("p", { class: "note" }, one.id === user()?.id ? say("Sus otras sesiones terminan.", "Your other sessions end.") : say("Sus sesiones abiertas terminan. Dígale el PIN usted: no se vuelve a mostrar.", "Their open sessions end. Tell them the PIN yourself: it is not shown again.")),
      field(say("PIN nuevo (de 4 a 8 cifras)", "New PIN (4 to 8 digits)"), digits({ required: true, autofocus: true }))],
    submit: (said) => ask("PATCH", `/api/users/${encodeURIComponent(one.id)}`, { pin: said.get("pin") }),
  }).then((made) => made && toast(say("PIN cambiado.", "PIN changed.")));

  const remove = (/** @type {any} */ one) => sure(
    say(`¿Eliminar a ${one.name}?`, `Delete ${one.name}?`), say("Sus sesiones terminan. Se puede recuperar de la papelera durante 90 días.", "Their sessions end. For 90 days the trash can bring them back."),
    say("Eliminar", "Delete"), () => ask("DELETE", `/api/users/${encodeURIComponent(one.id)}`)).then((done) => (done ? draw() : undefined));

  async function draw() {
    const users = await ask("GET", "/api/users");
    if (gone()) return;
    const rows = users.map((/** @type {any} */ one) => [
      h("strong", {}, one.avatar && !/^https?:/.test(one.avatar) && one.avatar.length < 9 ? `${one.avatar} ` : "", one.name),
      h("span", { class: `tag ${one.role === "ADMIN" ? "accent" : ""}` }, words.role(one.role)),
      h("code", {}, one.id),
      [button(say("PIN nuevo", "New PIN"), () => reset(one), "small"), button(say("Editar", "Edit"), () => edit(one), "small plain"),
        one.id !== user()?.id && button(say("Eliminar", "Delete"), () => remove(one), "small plain danger")],
    ]);
    list.replaceChildren(table([{ name: say("Nombre", "Name") }, { name: say("Rol", "Role") }, { name: "Id" }, { name: "", kind: "acts" }], rows, say("No hay usuarios.", "There are no users.")));
  }
  root.replaceChildren(h("div", { class: "row" }, button(say("Usuario nuevo", "New user"), add, "primary")), list);
  await draw();
  onChange((changes) => {
    if (changes === null || changes.some(({ collection }) => collection === "users")) void draw().catch(() => undefined);
  });
}
