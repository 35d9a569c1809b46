// @ts-check
// Settings on trial: where the server is reached now, how long until they are undone, and keeping them.

import { ask, Problem, say } from "./client.js";
import { button, h, toast, words } from "./dom.js";

/** @typedef {import("./controls.js").Setting} Setting */
/** @typedef {import("./app.js").Context} Context */

const EVERYWHERE = ["0.0.0.0", "::", ""];
const LOOK = 1_000; // milliseconds
let watching = 0;

/** @param {string} name */
const isOfHttps = (name) => name === "http" || name.startsWith("tls");
/** Whether whoever changes this may lock themselves out. @param {string} name */
export const isRisky = (name) => isOfHttps(name) || name === "host" || name === "port";

/** Minutes and seconds. @param {number} seconds */
const minutes = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** Where settings are confirmed of which these are on trial. @param {Map<string, unknown>} settings in force @param {string[]} names */
function place(settings, names) {
  const hasHttps = settings.get("tls") !== "off";
  const isSecure = hasHttps && (location.protocol === "https:" || names.some(isOfHttps));
  const scheme = isSecure ? "https:" : "http:";
  const setting = isSecure ? "tls_port" : "port";
  const port = scheme === location.protocol && !names.includes(setting) ? location.port : String(settings.get(setting));
  const host = String(settings.get("host"));
  const name = names.includes("host") && !EVERYWHERE.includes(host) ? (host.includes(":") ? `[${host}]` : host) : location.hostname;
  return new URL(`${scheme}//${name}${port ? `:${port}` : ""}/console#/settings`);
}

/** @param {Setting[]} settings @param {Record<string, unknown>} [asked] null: the default */
function inForce(settings, asked = {}) {
  const values = settings.map(({ name, value, default: usual, takesEffect }) => {
    const isAsked = name in asked && takesEffect !== "overridden";
    return /** @type {[string, unknown]} */ ([name, isAsked ? (asked[name] ?? usual) : value]);
  });
  return new Map(values);
}

/** A text that counts down until the page is left. @param {Context} context @param {number} seconds @param {(left: string) => string} text */
function countdown(context, seconds, text) {
  const end = performance.now() + seconds * 1000;
  const said = h("strong", { role: "timer" });
  const tick = () => (said.textContent = text(minutes(Math.max(0, (end - performance.now()) / 1000))));
  tick();
  context.every(LOOK, tick);
  return said;
}

/** The trust in the own authority, which browsers ask for. @param {Map<string, unknown>} settings @param {URL} target */
const trust = (settings, target) => target.protocol === "https:" && settings.get("tls") === "own" &&
  h("p", {}, say("El navegador advierte hasta que este equipo confíe en la autoridad del servidor: ", "The browser warns until this device trusts the server's authority: "), h("a", { href: "/trust", target: "_blank" }, say("cómo se hace", "how that is done")), ".");

/**
 * What is said of settings on trial, where this page can be opened: to keep them, or where that is done.
 * @param {Context} context @param {Setting[]} settings @param {() => unknown} redraw
 */
export function pending(context, settings, redraw) {
  const tried = settings.filter(({ confirmWithin }) => confirmWithin);
  const names = tried.map(({ name }) => name);
  if (!tried.length) return null;
  const target = place(inForce(settings), names);
  const left = countdown(context, tried[0]?.confirmWithin ?? 0, (time) => say(`Se deshacen en ${time}`, `Undone in ${time}`));
  const keep = button(say("Conservar estos ajustes", "Keep these settings"), async () => {
    try {
      await ask("POST", "/api/system/settings/confirm");
      toast(say("Confirmado: quedan así.", "Confirmed: they stay."));
    } catch (error) {
      toast(words(error), "bad");
    }
    await redraw();
  }, "primary");
  watch(context, settings, names, redraw);
  const isHere = target.origin === location.origin;
  return h("section", { class: "card trial tone-warn" }, h("h2", {}, say("Ajustes a prueba", "Settings on trial")),
    h("p", {}, say("Cambió ", "Changed: "), h("code", {}, names.join(", ")), ". ", left, say(", salvo que alguien los confirme.", " unless somebody confirms them.")),
    isHere ? h("p", {}, keep) : elsewhere(inForce(settings), target));
}

/** @param {Map<string, unknown>} settings @param {URL} target */
const elsewhere = (settings, target) => [
  trust(settings, target),
  h("p", {}, h("a", { class: "button primary", href: target.href }, say("Ir a la dirección nueva y confirmar", "Go to the new address and confirm")), " ", h("code", {}, target.origin)),
];

/**
 * After a change that leads elsewhere: show the way, and what comes of it. Returns false if it leads nowhere else.
 * @param {Context} context @param {Setting[]} before @param {Record<string, unknown>} asked @param {number} seconds @param {() => unknown} redraw
 */
export function onTrial(context, before, asked, seconds, redraw) {
  const settings = inForce(before, asked);
  const names = Object.keys(asked).filter(isRisky);
  const target = place(settings, names);
  if (target.origin === location.origin) return false;
  const left = countdown(context, seconds, (time) => say(`Quedan ${time}`, `${time} left`));
  context.root.replaceChildren(h("section", { class: "card trial tone-warn" },
    h("h2", {}, say("Confirme en la dirección nueva", "Confirm at the new address")),
    h("p", {}, say("El servidor atiende ahora allí. Abra la dirección, entre con su PIN y pulse «Conservar estos ajustes». ", "The server answers there now. Open the address, log in with your PIN and press ‘Keep these settings’. "), left, "."),
    elsewhere(settings, target),
    h("p", { class: "note" }, say("Si no se abre, no haga nada: al terminar el plazo vuelven los ajustes de antes, y esta página con ellos.", "If it does not open, do nothing: when the time is up the settings from before are back, and so is this page."))));
  watch(context, [...before.map((one) => ({ ...one, value: settings.get(one.name) }))], names, redraw);
  return true;
}

/**
 * See how a trial ends, as far as that can be seen from this address, and say it.
 * @param {Context} context @param {Setting[]} tried as they are on trial @param {string[]} names @param {() => unknown} redraw
 */
function watch(context, tried, names, redraw) {
  const mine = ++watching;
  context.every(LOOK, async () => {
    if (mine !== watching) return; // the page was drawn anew, or it is over
    try {
      /** @type {Setting[]} */
      const now = await ask("GET", "/api/system/settings");
      if (mine !== watching || context.gone() || now.some(({ confirmWithin }) => confirmWithin)) return;
      watching += 1;
      const isKept = names.every((name) => JSON.stringify(inForce(now).get(name)) === JSON.stringify(inForce(tried).get(name)));
      await redraw();
      if (!isKept) context.root.prepend(h("div", { class: "said warn", role: "alert" }, say("Nadie confirmó los ajustes nuevos; rigen de nuevo los de antes.", "Nobody confirmed the new settings; those from before are in force again.")));
    } catch (error) {
      if (!(error instanceof Problem)) throw error; // else it does not answer here, or not yet
    }
  });
}
