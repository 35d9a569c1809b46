// @ts-check
// Elements, tables, dialogs. All text goes into the page as text, never as markup.

import { language, Problem, say } from "./client.js";

/** @typedef {Node | string | number | null | undefined | false} Child */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. A property that is a function listens (`onclick`), `true` and `false` set and leave out an attribute.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name @param {Record<string, unknown>} [properties] @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(name, properties = {}, ...children) {
  const made = document.createElement(name);
  dress(made, properties);
  made.append(...filled(children));
  return made;
}

/** An SVG element. @param {string} name @param {Record<string, unknown>} [properties] @param {...Child} children */
export function svg(name, properties = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  dress(made, properties);
  made.append(...filled(children));
  return made;
}

/** @param {Element} made @param {Record<string, unknown>} properties */
function dress(made, properties) {
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === "function") made.addEventListener(key.slice(2), /** @type {EventListener} */ (value));
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== undefined && value !== null) made.setAttribute(key, String(value));
  }
}

/** @param {(Child | Child[])[]} children @returns {(Node | string)[]} */
function filled(children) {
  return children
    .flat()
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
}

/** A strip of SVG paths as an icon. @param {string} path */
export function icon(path) {
  return svg(
    "svg",
    { viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": 1.8, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" },
    svg("path", { d: path }),
  );
}

/** @param {string} title @param {...(Child | Child[])} children */
export const card = (title, ...children) => h("section", { class: "card" }, title && h("h2", {}, title), ...children);

/** Facts by name; those without a value are left out. @param {[string, Child][]} pairs */
export const facts = (pairs) =>
  h("dl", { class: "facts" }, ...pairs.filter(([, value]) => value !== undefined && value !== null && value !== "")
    .flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));

/**
 * A table that becomes a list of cards on a phone.
 * @param {{name: string, kind?: string}[]} columns `kind`: a class of its cells (number, tight, acts)
 * @param {(Child | Child[])[][]} rows @param {string} empty what is said when there are none
 */
export function table(columns, rows, empty) {
  if (rows.length === 0) return h("p", { class: "empty" }, empty);
  const body = rows.map((cells) =>
    h("tr", {}, ...cells.map((cell, i) =>
      h("td", { class: columns[i]?.kind, "data-label": columns[i]?.name ?? "" }, h("div", {}, cell)))));
  return h("div", { class: "scroll" },
    h("table", { class: "cards" },
      h("thead", {}, h("tr", {}, ...columns.map(({ name, kind }) => h("th", { class: kind === "number" ? kind : undefined, scope: "col" }, name)))),
      h("tbody", {}, ...body)));
}

/** A button that cannot be pressed again while it works, and says what went wrong. @param {string} text @param {() => unknown} act @param {string} [kind] */
export function button(text, act, kind = "") {
  const made = h("button", { type: "button", class: kind }, text);
  made.addEventListener("click", () => void busy(made, act));
  return made;
}

/** @param {HTMLButtonElement} made @param {() => unknown} act */
export async function busy(made, act) {
  made.disabled = true;
  try {
    await act();
  } catch (error) {
    toast(words(error), "bad");
  } finally {
    made.disabled = false;
  }
}

/** What to show of an error. @param {unknown} error */
export const words = (error) => (error instanceof Error ? error.message : String(error));

let fading = 0;
/** Say something for a moment. @param {string} text @param {"" | "bad"} [kind] */
export function toast(text, kind = "") {
  document.querySelector(".toast")?.remove();
  document.body.append(h("div", { class: "toast", role: kind === "bad" ? "alert" : "status" }, text));
  clearTimeout(fading);
  fading = window.setTimeout(() => document.querySelector(".toast")?.remove(), kind === "bad" ? 9000 : 4000);
}

/**
 * A dialog with a form; resolves with what `submit` returned, or null if it was left. What `submit` throws is shown in it.
 * @template T
 * @param {{title: string, content: (Child | Child[])[], confirm: string, kind?: string, submit: (form: FormData) => T | Promise<T>}} what
 * @returns {Promise<T | null>}
 */
export function dialog({ title, content, confirm, kind = "primary", submit }) {
  return new Promise((resolve) => {
    /** @type {T | null} */
    let outcome = null;
    const failure = h("p", { class: "error", role: "alert", hidden: true });
    const go = h("button", { class: kind }, confirm);
    const form = h("form", { method: "dialog" },
      h("h2", {}, title), ...content, failure,
      h("div", { class: "row" },
        h("button", { type: "button", class: "plain", onclick: () => made.close() }, say("Cancelar", "Cancel")), go));
    const made = h("dialog", { "aria-label": title }, form);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      go.disabled = true;
      try {
        outcome = await submit(new FormData(form));
        made.close();
      } catch (error) {
        failure.textContent = words(error);
        failure.hidden = false;
        if (error instanceof Problem && error.status === 401) made.close();
      } finally {
        go.disabled = false;
      }
    });
    made.addEventListener("close", () => {
      made.remove();
      resolve(outcome);
    });
    document.body.append(made);
    made.showModal();
  });
}

/** Ask before something is done. @param {string} title @param {string} text @param {string} confirm @param {() => unknown} act @param {string} [kind] */
export async function sure(title, text, confirm, act, kind = "danger") {
  return (await dialog({ title, content: [h("p", {}, text)], confirm, kind, submit: async () => {
    await act();
    return true;
  } })) === true;
}

/** Show something that is told once. @param {string} title @param {...Child} content */
export function tell(title, ...content) {
  const made = h("dialog", { "aria-label": title },
    h("form", { method: "dialog" }, h("h2", {}, title), ...content, h("div", { class: "row" }, h("button", { class: "primary" }, say("Listo", "Done")))));
  made.addEventListener("close", () => made.remove());
  document.body.append(made);
  made.showModal();
}

/** A labelled field. @param {string} name @param {HTMLElement} control */
export const field = (name, control) => h("label", {}, h("span", {}, name), control);

/** @param {Record<string, unknown>} properties @param {[string, string][]} options value and text @param {string} [chosen] */
export const select = (properties, options, chosen) =>
  h("select", properties, ...options.map(([value, text]) => h("option", { value, selected: value === chosen }, text)));

const locale = () => (language === "es" ? "es" : "en-GB");

/** @param {string | undefined} iso */
export const when = (iso) =>
  iso ? new Date(iso).toLocaleString(locale(), { dateStyle: "medium", timeStyle: "short" }) : "–";

/** @param {string} iso */
export const clock = (iso) => new Date(iso).toLocaleTimeString(locale());

/** To the second. @param {string} iso */
export const moment = (iso) => new Date(iso).toLocaleString(locale(), { dateStyle: "short", timeStyle: "medium" });

/** How long ago, or how long. @param {number} seconds */
export function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 90) return `${s} s`;
  if (s < 90 * 60) return `${Math.round(s / 60)} min`;
  if (s < 36 * 3600) return `${Math.round(s / 3600)} h`;
  const days = Math.round(s / 86400);
  return say(`${days} días`, `${days} days`);
}

/** @param {string | undefined} iso @param {string} [now] */
export const ago = (iso, now) =>
  iso ? say(`hace ${span((Date.parse(now ?? new Date().toISOString()) - Date.parse(iso)) / 1000)}`,
    `${span((Date.parse(now ?? new Date().toISOString()) - Date.parse(iso)) / 1000)} ago`) : "–";

/** @param {number} n */
export const count = (n) => n.toLocaleString(locale());

/** @param {number} bytes */
export function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let n = bytes;
  let unit = 0;
  while (n >= 1000 && unit < units.length - 1) {
    n /= 1000;
    unit += 1;
  }
  return `${n.toLocaleString(locale(), { maximumFractionDigits: n < 10 && unit > 0 ? 1 : 0 })} ${units[unit]}`;
}

/** A value of a field, for people. @param {unknown} value */
export function value(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "string") return value === "" ? "“”" : value;
  if (typeof value === "boolean") return value ? say("sí", "yes") : say("no", "no");
  return JSON.stringify(value);
}
