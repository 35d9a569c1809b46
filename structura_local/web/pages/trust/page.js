// @ts-check
// Says which certificate it is, where HTTPS is, and opens the instructions for the system that this device has.

import { ask, language, Problem } from "/console/client.js";
import { top } from "/console/top.js";

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {{fingerprint: string, until: string, port: number}} authority */
function show({ fingerprint, until, port }) {
  const day = () => {
    element("until").textContent = new Date(until).toLocaleDateString(language);
  };
  top(day);
  day();
  element("fingerprint").textContent = fingerprint;
  const link = /** @type {HTMLAnchorElement} */ (element("open"));
  link.href = link.textContent = `https://${location.hostname}:${port}/`;
  for (const details of document.querySelectorAll("details")) {
    const system = details.getAttribute("data-system") ?? "-";
    const other = system === "Linux" && /Android/.test(navigator.userAgent);
    details.open = new RegExp(system).test(navigator.userAgent) && !other;
  }
  element("some").hidden = false;
}

top();
try {
  show(await ask("GET", "/api/trust"));
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  element("none").hidden = false;
}
