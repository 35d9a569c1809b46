// @ts-check
// Where terminals find this server: addresses on the LAN, to be photographed with a tablet.

import { ask, say } from "./client.js";
import { h } from "./dom.js";

/** @param {{url: string, name: string, qr: string}[]} found */
export const shown = (found) =>
  h("div", { class: "addresses" }, ...found.map(({ url, name, qr }) =>
    h("section", { class: "card address" }, h("img", { src: qr, alt: `QR: ${url}`, width: 180, height: 180 }),
      h("a", { href: url }, url), h("span", { class: "note" }, name))));

/** @param {import("./app.js").Context} context */
export async function show({ root }) {
  const found = await ask("GET", "/api/system/addresses");
  root.replaceChildren(
    h("p", { class: "note" }, say("Los terminales abren una de estas direcciones. Apunte la cámara de la tableta al código.", "Terminals open one of these addresses. Point the tablet's camera at the code.")),
    found.length ? shown(found) : h("div", { class: "said warn" }, say("Este servidor solo escucha en esta PC (ajuste host); ningún terminal de la red lo alcanza.", "This server listens on this PC only (setting host); no terminal on the LAN reaches it.")));
}
