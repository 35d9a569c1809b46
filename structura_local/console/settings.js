// @ts-check
// The settings: each with its value, its default and where it comes from, to be changed here.

import { ask, patiently, Problem, say } from "./client.js";
import { busy, button, card, h, sure, table, toast } from "./dom.js";
import { control } from "./controls.js";
import { isRisky, onTrial, pending } from "./trial.js";
import * as words from "./words.js";

/** @typedef {import("./controls.js").Setting} Setting */
/** @typedef {{setting: Setting, read: () => unknown, failure: HTMLElement, control: HTMLElement}} Line */

/** @type {{es: string, en: string, names: string[]}[]} */
const GROUPS = [
  { es: "Dirección y HTTPS", en: "Address and HTTPS", names: ["host", "port", "tls", "tls_port", "tls_certificate", "tls_key", "http", "mdns"] },
  { es: "Acceso", en: "Access", names: ["token_hours", "require_paired_terminals", "kiosk_collections", "frontend", "cors_origins", "jwt_secret"] },
  { es: "Datos", en: "Data", names: ["data_dir", "time_zone", "backup_copy", "change_log_days"] },
  { es: "Registro y métricas", en: "Log and metrics", names: ["log_level", "log_format", "metrics"] },
];

/** @param {unknown} value */
const said = (value) => (value === undefined || value === null || value === "" || (Array.isArray(value) && !value.length) ? h("span", { class: "note" }, say("sin valor", "unset")) : h("code", {}, Array.isArray(value) ? value.join(", ") : typeof value === "boolean" ? (value ? say("sí", "yes") : "no") : String(value)));

/** A value as what it is compared by. @param {unknown} value */
const told = (value) => JSON.stringify(value ?? null);

/** @param {Setting} setting @param {() => void} changed @returns {{line: Line, cells: (import("./dom.js").Child | import("./dom.js").Child[])[]}} */
function row(setting, changed) {
  const { name } = setting;
  const failure = h("p", { class: "error", id: `wrong-${name}`, hidden: true });
  const isOpen = setting.kind !== undefined && setting.takesEffect !== "overridden";
  let isCleared = false;
  const made = isOpen ? control(setting, () => {
    isCleared = false;
    failure.hidden = true;
    clear.hidden = setting.origin !== "file";
    changed();
  }) : null;
  const clear = button(say("Volver al valor por defecto", "Back to the default"), () => {
    made?.write(setting.default);
    isCleared = true;
    clear.hidden = true;
    changed();
  }, "small plain");
  clear.hidden = setting.origin !== "file";
  clear.setAttribute("aria-label", say(`Volver ${name} al valor por defecto`, `Set ${name} back to its default`));
  const value = setting.atNextStart ?? setting.value;
  const before = told(made?.read());
  const read = () => (!made ? undefined : isCleared ? null : told(made.read()) === before ? undefined : (made.read() ?? null));
  const waits = setting.takesEffect === "next start" && isOpen && h("div", { class: "note" }, setting.atNextStart === undefined ? say("Un cambio vale desde el próximo arranque.", "A change holds from the next start.")
    : say(`Hasta el próximo arranque sigue: ${setting.value}.`, `Until the next start it is still: ${setting.value}.`));
  return {
    line: { setting, read, failure, control: made?.element ?? failure },
    cells: [
      [h("strong", {}, h("code", {}, name)), h("div", { class: "note" }, setting.description)],
      made ? [made.element, failure, waits, clear] : [said(value), setting.takesEffect === "overridden" && h("div", { class: "note" }, say("Lo fija ", "Set by "), h("code", {}, setting.where), say("; cámbielo allí.", "; change it there."))],
      said(setting.default),
      [h("span", { class: `tag ${setting.origin === "default" ? "" : "accent"}` }, words.origin(setting.origin)), setting.where && h("div", { class: "note where" }, h("code", {}, setting.where))],
    ],
  };
}

/** What a change did, in words. @param {{changed: {name: string, takesEffect: string, where?: string}[]}} done */
function outcome({ changed }) {
  const names = (/** @type {string} */ effect) => changed.filter(({ takesEffect }) => takesEffect === effect).map(({ name }) => name).join(", ");
  return [
    names("now") && say(`En vigor: ${names("now")}.`, `In force: ${names("now")}.`),
    names("next start") && say(`Guardado; vale desde el próximo arranque del servidor: ${names("next start")}.`, `Saved; holds from the server's next start: ${names("next start")}.`),
  ].filter(Boolean).join(" ");
}

/** @param {Line[]} lines @param {Problem} problem what was refused; returns whether all of it could be shown beside the fields */
function refuse(lines, problem) {
  let first = true;
  for (const { field, msg } of problem.errors) {
    const line = lines.find(({ setting }) => setting.name === field);
    if (!line) return false;
    line.failure.textContent = msg;
    line.failure.hidden = false;
    if (first) /** @type {HTMLElement | null} */ (line.control.matches("input, select") ? line.control : line.control.querySelector("input"))?.focus();
    first = false;
  }
  return problem.errors.length > 0;
}

/** @param {import("./app.js").Context} context */
export async function show(context) {
  const { root, gone } = context;
  let news = "";

  async function draw() {
    /** @type {Setting[]} */
    const settings = await patiently("GET", "/api/system/settings");
    if (gone()) return;
    root.replaceChildren(...form(settings));
  }

  /** @param {Setting[]} settings */
  function form(settings) {
    /** @type {Line[]} */
    const lines = [];
    const number = h("span", { role: "status" });
    const save = h("button", { class: "primary" }, say("Guardar", "Save"));
    const bar = h("div", { class: "card bar", hidden: true }, number, h("div", { class: "row" }, button(say("Descartar", "Discard"), draw, "plain"), save));
    const changed = () => {
      const count = Object.keys(values(lines)).length;
      bar.hidden = count === 0;
      number.textContent = count === 1 ? say("1 cambio sin guardar", "1 change not saved") : say(`${count} cambios sin guardar`, `${count} changes not saved`);
    };
    const known = new Set(GROUPS.flatMap(({ names }) => names));
    const groups = GROUPS.map((group, i) => {
      const found = settings.filter(({ name }) => group.names.includes(name) || (i === GROUPS.length - 1 && !known.has(name)));
      const rows = found.map((setting) => row(setting, changed));
      lines.push(...rows.map(({ line }) => line));
      return card(say(group.es, group.en), table(
        [{ name: say("Ajuste", "Setting"), kind: "setting" }, { name: say("Valor", "Value"), kind: "control" }, { name: say("Por defecto", "Default") }, { name: say("De dónde viene", "Where it comes from") }],
        rows.map(({ cells }) => cells), ""));
    });
    const made = h("form", { class: "stack settings" }, ...groups, bar);
    made.addEventListener("submit", (event) => {
      event.preventDefault();
      void busy(save, () => send(settings, lines));
    });
    const note = h("p", { class: "note" }, say("Se guardan en settings.toml, en la carpeta de datos. Lo que dice cómo se llega al servidor se deshace solo en cinco minutos si no se confirma.", "They are kept in settings.toml, in the data folder. What says how the server is reached is undone by itself in five minutes unless it is confirmed."));
    const tidings = news && h("div", { class: "said good", role: "status" }, news);
    news = "";
    return [note, tidings, pending(context, settings, draw), made].filter((part) => part instanceof Node);
  }

  /** @param {Line[]} lines */
  const values = (lines) => Object.fromEntries(lines.map(({ setting, read }) => [setting.name, read()]).filter(([, value]) => value !== undefined));

  /** @param {Setting[]} settings @param {Line[]} lines */
  async function send(settings, lines) {
    const asked = values(lines);
    const names = Object.keys(asked);
    if (!(await meant(names, asked))) return;
    /** @type {{changed: {name: string, takesEffect: string, where?: string}[], beginsAnew: boolean, confirmWithin?: number}} */
    let done;
    const { startedAt } = await ask("GET", "/api/system/status");
    try {
      done = await ask("PATCH", "/api/system/settings", asked);
    } catch (error) {
      if (error instanceof Problem && refuse(lines, error)) return;
      throw error;
    }
    news = outcome(done);
    if (done.confirmWithin && onTrial(context, settings, asked, done.confirmWithin, draw)) return;
    if (done.beginsAnew) await patiently("GET", "/api/system/status", (status) => status.startedAt !== startedAt);
    await draw();
    toast(say("Guardado.", "Saved."));
  }
  await draw();
}

/** Whether whoever changes this means it, where it may cut people off. @param {string[]} names @param {Record<string, unknown>} asked */
async function meant(names, asked) {
  const risky = names.filter(isRisky);
  const texts = [
    risky.length > 0 && say(`Con ${risky.join(", ")} cambia cómo se llega al servidor. Si en cinco minutos nadie lo confirma en la dirección nueva, todo vuelve a como estaba.`,
      `With ${risky.join(", ")} the server is reached in another way. Unless somebody confirms that at the new address within five minutes, all is as it was before.`),
    asked["require_paired_terminals"] === true && say("Terminan las sesiones abiertas en equipos que no están vinculados, también esta si este equipo no lo está. Vincule primero, en Terminales.",
      "Sessions on devices that are not paired end, this one too if this device is not. Pair first, under Terminals."),
  ].filter((text) => text !== false);
  return texts.length === 0 || (await sure(say("¿Guardar estos ajustes?", "Save these settings?"), texts.join(" "), say("Guardar", "Save"), () => undefined, "primary"));
}
