// @ts-check
// Paired terminals: which there are, a code for a new one, an end for a lost one.

import { ask, say } from "./client.js";
import { ago, button, card, clock, dialog, field, h, sure, table, tell, when } from "./dom.js";

/** @param {import("./app.js").Context} context */
export async function show({ root, every, gone }) {
  const list = h("div", { class: "card" });
  const settings = await ask("GET", "/api/system/settings");
  const isRequired = settings.find((/** @type {any} */ one) => one.name === "require_paired_terminals")?.value === true;

  const add = async () => {
    const code = await dialog({
      title: say("Vincular un terminal", "Pair a terminal"), confirm: say("Crear código", "Make a code"),
      content: [field(say("Cómo lo llaman", "What people call it"), h("input", { name: "name", required: true, placeholder: "Tablet 3", autocomplete: "off", autofocus: true }))],
      submit: (said) => ask("POST", "/api/system/terminals", { name: said.get("name") }),
    });
    if (!code) return;
    await draw();
    tell(code.name, h("p", {}, say("Abra en el terminal ", "On the terminal open "), h("strong", {}, `${location.origin}/pair`), say(" y escriba:", " and type in:")),
      h("p", { class: "secret" }, code.code), h("p", { class: "note" }, say(`Sirve una vez, hasta las ${clock(code.expiresAt)}. No se vuelve a mostrar.`, `Good once, until ${clock(code.expiresAt)}. It is not shown again.`)));
  };

  async function draw() {
    const terminals = await ask("GET", "/api/system/terminals");
    if (gone()) return;
    const rows = terminals.map((/** @type {any} */ one) => [
      h("strong", {}, one.name),
      one.pairedAt ? h("span", { class: "tag good" }, say("vinculado", "paired")) : h("span", { class: "tag warn" }, say(`código hasta las ${clock(one.expiresAt)}`, `code until ${clock(one.expiresAt)}`)),
      one.lastSeenAt ? h("span", { title: when(one.lastSeenAt) }, ago(one.lastSeenAt)) : "–",
      one.address ?? "–",
      button(one.pairedAt ? say("Revocar", "Revoke") : say("Anular", "Take back"), () => sure(
        say(`¿Revocar ${one.name}?`, `Revoke ${one.name}?`), say("Nadie podrá entrar desde allí, y las sesiones que empezaron allí terminan.", "Nobody will be able to log in there, and the sessions that began there end."),
        say("Revocar", "Revoke"), () => ask("DELETE", `/api/system/terminals/${one.id}`)).then((done) => (done ? draw() : undefined)), "small danger"),
    ]);
    list.replaceChildren(table([{ name: say("Nombre", "Name") }, { name: say("Estado", "State") }, { name: say("Último ingreso", "Last login"), kind: "tight" }, { name: say("Dirección", "Address") }, { name: "", kind: "acts" }], rows,
      say("Ningún terminal está vinculado.", "No terminal is paired.")));
  }
  root.replaceChildren(
    card("", h("p", {}, isRequired
      ? [h("span", { class: "tag good" }, say("exigido", "required")), " ", say("Un PIN solo sirve en un terminal vinculado.", "A PIN is good at a paired terminal only.")]
      : [h("span", { class: "tag" }, say("no exigido", "not required")), " ", say("Un PIN sirve en toda la red. Vincule primero los terminales y active después ", "A PIN is good anywhere on the LAN. Pair the terminals first, then turn on "), h("a", { href: "#/settings" }, h("code", {}, "require_paired_terminals")), "."]),
      h("div", {}, button(say("Vincular un terminal", "Pair a terminal"), add, "primary"))), list);
  await draw();
  every(5_000, () => draw().catch(() => undefined));
}
