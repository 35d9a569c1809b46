// @ts-check
// The first start, in three steps: the plant and its first administrator; the former data; where terminals find it.

import { shown } from "/console/addresses.js";
import { Problem, request, say } from "/console/client.js";
import { bundleField, sendBundle } from "/console/bundle.js";
import { busy, button, field, h, select, words } from "/console/dom.js";
import { importing } from "/console/importing.js";
import { brand, languages } from "/console/top.js";

const KEPT = "structura-setup";

/** @typedef {{session: string, timeZone: string, addresses: {url: string, name: string, qr: string}[], hasFrontend: boolean, step: number}} State */

const place = /** @type {HTMLElement} */ (document.getElementById("setup"));
/** @type {State | null} */
let state = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");

/** @param {State} next */
function keep(next) {
  state = next;
  sessionStorage.setItem(KEPT, JSON.stringify(next));
  draw();
}

/** A step's request. @param {string} path @param {unknown} [body] */
async function ask(path, body) {
  const response = await request("POST", path, body, { Authorization: `Bearer ${state?.session ?? ""}` });
  return response.json();
}

/** @param {...(Node | string)} content */
function frame(...content) {
  const step = state?.step ?? 0;
  const names = [say("Planta", "Plant"), say("Datos anteriores", "Former data"), say("Terminales", "Terminals")];
  document.title = say("Puesta en marcha · Structura Local", "Setup · Structura Local");
  place.replaceChildren(
    h("header", {}, brand("Structura Local", say("Puesta en marcha", "Setup")), languages(draw)),
    ...(state ? [h("ol", { class: "steps" }, ...names.map((name, i) => h("li", { class: i < step ? "done" : "", "aria-current": i === step ? "step" : undefined }, name)))] : []),
    ...content);
}

/** @param {HTMLFormElement} form @param {Record<string, unknown> | null} bundle */
function wanted(form, bundle) {
  const said = new FormData(form);
  const text = (/** @type {string} */ name) => String(said.get(name) ?? "");
  if (text("pin") !== text("again")) throw new Error(say("Los dos PIN no son iguales.", "The two PINs are not the same."));
  return { plant: text("plant"), timeZone: text("zone"), admin: { name: text("name"), pin: text("pin") }, ...(bundle ? { bundle } : {}) };
}

function plant() {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zone = state?.timeZone || here;
  const zones = [...new Set([zone, ...Intl.supportedValuesOf("timeZone")])];
  const name = h("input", { name: "plant", required: true, autocomplete: "off", placeholder: "Planta Norte", autofocus: true });
  const digits = (/** @type {string} */ of) => h("input", { name: of, type: "password", inputmode: "numeric", autocomplete: "new-password", pattern: "[0-9]{4,8}", maxlength: 8, required: true, title: say("De 4 a 8 cifras", "4 to 8 digits") });
  const file = bundleField(say("Sin él, la planta trabaja sola; se puede conectar más tarde, en la consola.", "Without it the plant works by itself; it can be connected later, in the console."), (_, of) => {
    if (!name.value) name.value = of;
  });
  const failure = h("p", { class: "said bad", role: "alert", hidden: true });
  const go = h("button", { class: "primary" }, say("Continuar", "Continue"));
  const form = h("form", { class: "card" },
    h("fieldset", {}, h("legend", {}, say("La planta", "The plant")),
      h("div", { class: "pair" }, field(say("Nombre", "Name"), name), field(say("Zona horaria", "Time zone"), select({ name: "zone" }, zones.map((one) => [one, one.replaceAll("_", " ")]), zone)))),
    h("fieldset", {}, h("legend", {}, say("Primer administrador", "First administrator")),
      field(say("Nombre", "Name"), h("input", { name: "name", required: true, autocomplete: "off" })),
      h("div", { class: "pair" }, field(say("PIN (de 4 a 8 cifras)", "PIN (4 to 8 digits)"), digits("pin")), field(say("Otra vez", "Again"), digits("again"))),
      h("p", { class: "note" }, say("Nada que cualquiera probaría primero, como 1234 o un año.", "Nothing that anybody would try first, like 1234 or a year."))),
    h("fieldset", {}, h("legend", {}, say("Central (si la hay)", "Head office (if there is one)")),
      file.element),
    failure, h("div", { class: "go" }, h("span"), go));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    failure.hidden = true;
    void busy(go, async () => {
      try {
        const body = wanted(form, file.bundle);
        await sendBundle((more) => ask("/api/setup", { ...body, ...more }));
        if (state) keep({ ...state, step: 1 });
      } catch (error) {
        if (error instanceof Problem && error.code === "setup-link") return forget(error.message);
        if (error instanceof Problem && error.code === "set-up-already" && state) return keep({ ...state, step: 1 });
        failure.textContent = words(error);
        failure.hidden = false;
      }
    });
  });
  frame(h("h1", {}, say("Bienvenido", "Welcome")), h("p", { class: "note" }, say("En unos minutos los terminales trabajan con este servidor.", "In a few minutes the terminals work with this server.")), form);
}

function former() {
  const send = async (/** @type {File} */ file, /** @type {boolean} */ dryRun) => {
    const response = await request("POST", `/api/setup/import?dryRun=${dryRun}`, file, { Authorization: `Bearer ${state?.session ?? ""}`, "Content-Type": "application/octet-stream" });
    return response.json();
  };
  const next = button(say("Continuar sin importar", "Continue without importing"), finish);
  frame(
    h("h1", {}, say("Los datos anteriores", "The former data")),
    h("section", { class: "card" },
      h("p", {}, say("La exportación de la aplicación (structura-export.json) o la base del servidor anterior (structura.db). Primero se comprueba y se muestra qué pasaría.", "The application's export (structura-export.json) or the former server's database (structura.db). First it is checked, and you see what would happen.")),
      importing(send, () => {
        next.textContent = say("Continuar", "Continue");
        next.classList.add("primary");
      }),
      h("p", { class: "note" }, say("También se puede hacer más tarde, en la consola.", "It can be done later too, in the console.")),
      h("div", { class: "go" }, h("span"), next)));
}

async function finish() {
  try {
    await ask("/api/setup/finish");
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "set-up-already") throw error;
  }
  while (!(await fetch("/readyz").then((answer) => answer.ok, () => false))) await new Promise((resolve) => setTimeout(resolve, 200));
  if (state) keep({ ...state, step: 2 });
}

function terminals() {
  const found = state?.addresses ?? [];
  frame(
    h("h1", {}, say("Listo", "Done")),
    h("p", {}, say("La planta funciona. Abra una de estas direcciones en cada terminal, o apunte su cámara al código.", "The plant is running. Open one of these addresses on each terminal, or point its camera at the code.")),
    found.length ? shown(found) : h("p", { class: "said warn" }, say("Este servidor solo se alcanza desde esta PC (ajuste host).", "This server is reached from this PC only (setting host).")),
    ...(found.length && !state?.hasFrontend ? [h("p", { class: "note" }, say("La aplicación de la planta todavía no está en este servidor: copie su carpeta a esta PC y póngala en el ajuste «frontend» de la consola. Hasta entonces estas direcciones llevan a la consola.", "The plant's app is not on this server yet: copy its folder to this PC and name it in the console's setting “frontend”. Until then these addresses lead to the console."))] : []),
    h("div", { class: "go" }, h("span"), h("a", { class: "button primary", href: "/console" }, say("Abrir la consola", "Open the console"))));
}

/** @param {string} why */
function forget(why) {
  sessionStorage.removeItem(KEPT);
  state = null;
  frame(h("p", { class: "said warn", role: "alert" }, why));
}

function draw() {
  if (state === null) forget(say("Abra el enlace que el servidor mostró al arrancar; también está en su registro.", "Open the link that the server has printed; it is in its log too."));
  else [plant, former, terminals][state.step]?.();
}

async function begin() {
  const link = location.hash.slice(1);
  history.replaceState(null, "", "/setup"); // it is good once; nobody needs to see it
  if (!link || state) return draw();
  try {
    const response = await request("POST", "/api/setup/claim", { link });
    keep({ ...(await response.json()), step: 0 });
  } catch (error) {
    forget(words(error));
  }
}

addEventListener("hashchange", () => void begin()); // the link was pasted where the page was open already
void begin();
