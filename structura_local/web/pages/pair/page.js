// @ts-check
// Sends the code; the server answers with the cookie that this terminal is known by from then on.

import { ask, say } from "/console/client.js";
import { top } from "/console/top.js";

top();

const form = /** @type {HTMLFormElement} */ (document.getElementById("form"));
const code = /** @type {HTMLInputElement} */ (document.getElementById("code"));
const said = /** @type {HTMLElement} */ (document.getElementById("said"));
const done = /** @type {HTMLElement} */ (document.getElementById("done"));
const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));

/** @param {string} text @param {boolean} wrong */
function tell(text, wrong) {
  said.textContent = text;
  said.classList.toggle("error", wrong);
}

async function pair() {
  const answer = await ask("POST", "/api/auth/pair", { code: code.value.trim() });
  tell(`${say("Vinculado como", "Paired as")} ${answer.name}.`, false);
  form.hidden = true;
  const root = await fetch("/", { method: "HEAD", redirect: "manual" });
  done.hidden = !root.ok; // without an application here it leads to the console
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  tell("", false);
  try {
    await pair();
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error), true);
    code.select();
  } finally {
    button.disabled = false;
  }
});
