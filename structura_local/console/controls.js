// @ts-check
// What a setting is changed with: a box to tick, a choice, a number with its limits, a list, text.

import { say } from "./client.js";
import { h, select } from "./dom.js";

/** @typedef {{name: string, description: string, origin: string, takesEffect: string, where?: string, value?: unknown, default?: unknown, kind?: string, whole?: boolean, choices?: string[], least?: number, greatest?: number, atNextStart?: unknown, confirmWithin?: number}} Setting */
/** @typedef {{element: HTMLElement, read: () => unknown, write: (value: unknown) => void}} Control `read`: undefined is the default */

/** @param {Setting} setting @param {() => void} changed @returns {Control} */
export function control(setting, changed) {
  const made = MADE[/** @type {"text"} */ (setting.kind)](setting);
  made.write(setting.atNextStart ?? setting.value);
  made.element.addEventListener("input", changed);
  return made;
}

/** @param {Setting} setting */
const named = ({ name }) => ({ name, "aria-label": name, "aria-describedby": `wrong-${name}` });

/** @type {Record<"boolean" | "choice" | "number" | "list" | "text", (setting: Setting) => Control>} */
const MADE = {
  boolean: (setting) => {
    const input = h("input", { type: "checkbox", ...named(setting) });
    return { element: h("label", { class: "check" }, input, h("span", {}, say("sí", "yes"))), read: () => input.checked, write: (value) => (input.checked = value === true) };
  },
  choice: (setting) => {
    const input = select(named(setting), (setting.choices ?? []).map((one) => [one, one]));
    return { element: input, read: () => input.value, write: (value) => (input.value = String(value)) };
  },
  number: (setting) => {
    const input = h("input", { type: "number", min: setting.least, max: setting.greatest, step: setting.whole ? 1 : "any", ...named(setting) });
    return { element: input, read: () => (input.value === "" ? undefined : input.valueAsNumber), write: (value) => (input.value = String(value)) };
  },
  list: (setting) => (setting.choices ? ticked(setting, setting.choices) : listed(setting)),
  text: (setting) => {
    const zones = setting.name === "time_zone" && "supportedValuesOf" in Intl;
    const input = h("input", { autocomplete: "off", spellcheck: "false", placeholder: say("sin valor", "unset"), list: zones ? "zones" : undefined, ...named(setting) });
    const element = zones ? h("div", {}, input, h("datalist", { id: "zones" }, ...Intl.supportedValuesOf("timeZone").map((value) => h("option", { value })))) : input;
    return { element, read: () => input.value.trim() || undefined, write: (value) => (input.value = String(value ?? "")) };
  },
};

/** Some of a few. @param {Setting} setting @param {string[]} choices @returns {Control} */
function ticked(setting, choices) {
  const boxes = choices.map((value) => h("input", { type: "checkbox", value, "aria-label": `${setting.name}: ${value}` }));
  return {
    element: h("div", { role: "group", class: "choices", "aria-label": setting.name }, ...boxes.map((box) => h("label", { class: "check" }, box, h("span", {}, box.value)))),
    read: () => boxes.filter((box) => box.checked).map((box) => box.value),
    write: (value) => boxes.forEach((box) => {
      box.checked = Array.isArray(value) && value.includes(box.value);
    }),
  };
}

/** Any number of texts, with commas. @param {Setting} setting @returns {Control} */
function listed(setting) {
  const input = h("input", { autocomplete: "off", spellcheck: "false", placeholder: say("separados con comas", "separated with commas"), ...named(setting) });
  const parts = () => input.value.split(",").map((part) => part.trim()).filter(Boolean);
  return { element: input, read: () => (parts().length ? parts() : undefined), write: (value) => (input.value = Array.isArray(value) ? value.join(", ") : "") };
}
