// @ts-check
// What is being committed, as it happens.

import { say } from "./client.js";
import { button, clock, h } from "./dom.js";
import { isLive } from "./live.js";
import * as words from "./words.js";

const KEPT = 300; // lines on the page

/** @param {import("./app.js").Context} context */
export function show({ root, onChange, every }) {
  let paused = false;
  const state = h("span", { class: "tag", role: "status" });
  const lines = h("div", { class: "log stream", role: "log", "aria-label": say("Cambios", "Changes") });
  const empty = h("p", { class: "empty" }, say("Aquí aparece cada cambio en el momento en que se guarda.", "Each change appears here the moment it is saved."));
  const hold = h("button", { type: "button", class: "small", "aria-pressed": "false" }, say("Pausa", "Pause"));
  hold.addEventListener("click", () => {
    paused = !paused;
    hold.setAttribute("aria-pressed", String(paused));
    hold.textContent = paused ? say("Seguir", "Go on") : say("Pausa", "Pause");
    look();
  });
  function look() {
    const [text, tone] = paused ? [say("en pausa", "paused"), "warn"] : isLive() ? [say("en vivo", "live"), "good"] : [say("conectando…", "connecting…"), "warn"];
    state.className = `tag ${tone}`;
    state.textContent = text ?? "";
  }
  root.replaceChildren(h("section", { class: "card" },
    h("div", { class: "row spread" }, state, h("div", { class: "row" }, hold, button(say("Vaciar", "Clear"), () => lines.replaceChildren(empty), "small plain"))), lines));
  lines.append(empty);
  look();
  every(1_000, look);
  onChange((changes) => {
    if (paused) return;
    empty.remove();
    if (changes === null) {
      lines.prepend(h("div", {}, clock(new Date().toISOString()), "", h("span", {}, say("se perdió una parte; lo nuevo sigue aquí", "some was missed; what is new follows here"))));
      return;
    }
    for (const change of changes.slice(-KEPT)) {
      lines.prepend(h("div", {},
        h("span", { class: "note number" }, clock(new Date().toISOString())),
        h("span", {}, h("span", { class: `tag ${words.tone(change.kind)}` }, words.kind(change.kind))),
        h("a", { href: `#/why?collection=${change.collection}&id=${encodeURIComponent(change.id)}` }, `${words.collection(change.collection)} ${change.id}`),
        h("span", { class: "note" }, words.origin(change.origin)), h("span", { class: "note number" }, `#${change.seq}`)));
    }
    while (lines.childElementCount > KEPT) lines.lastElementChild?.remove();
  });
}
