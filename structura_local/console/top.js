// @ts-check
// What is always on top of our pages: whose page it is, and the choice of its language.

import { language, speak } from "./client.js";
import { h } from "./dom.js";
import { LOGO } from "./icons.js";

/** The two languages; `changed` follows a choice. @param {() => void} changed */
export function languages(changed) {
  const one = (/** @type {"es" | "en"} */ code, /** @type {string} */ name) => {
    const made = h("button", { type: "button", "data-language": code, "aria-pressed": String(language === code), title: name }, code.toUpperCase());
    made.addEventListener("click", () => {
      speak(code);
      changed();
    });
    return made;
  };
  return h("div", { class: "languages", role: "group", "aria-label": "Idioma · Language" }, one("es", "Español"), one("en", "English"));
}

/** @param {string} name @param {string} [small] */
export const brand = (name, small) => h("div", { class: "brand" }, LOGO(), h("span", {}, name, small && h("small", {}, small)));

/** The top of a page that has both languages in it, of which one is shown. @param {() => void} [changed] */
export function top(changed = () => undefined) {
  const draw = () =>
    document.querySelector("[data-top]")?.replaceChildren(
      brand("Structura Local"),
      languages(() => {
        draw();
        changed();
      }),
    );
  draw();
}
