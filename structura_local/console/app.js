// @ts-check
// The console: who is logged in, which page is open, what is always on the screen.

import { ask, logIn, logOut, onEnd, say, user } from "./client.js";
import { button, h, icon, toast, words } from "./dom.js";
import { ICONS } from "./icons.js";
import { connect, disconnect, hear } from "./live.js";
import { brand, languages } from "./top.js";

/** @typedef {{root: HTMLElement, query: URLSearchParams, every: (ms: number, act: () => unknown) => void, onChange: (act: (changes: import("./live.js").Change[] | null) => void) => void, isAdmin: boolean, gone: () => boolean}} Context */
/** @typedef {{show: (context: Context) => unknown}} PageModule */
/** @typedef {{path: string, es: string, en: string, icon: keyof typeof ICONS, load: () => Promise<PageModule>, office?: boolean, badge?: "conflicts" | "setAside"}} Entry */

/** @type {{es: string, en: string, pages: Entry[]}[]} */
const MENU = [
  { es: "", en: "", pages: [
    { path: "overview", es: "Resumen", en: "Overview", icon: "overview", load: () => import("./overview.js"), office: true },
  ] },
  { es: "Central", en: "Head office", pages: [
    { path: "sync", es: "Sincronización", en: "Sync", icon: "sync", load: () => import("./sync.js"), office: true, badge: "setAside" },
    { path: "conflicts", es: "Conflictos", en: "Conflicts", icon: "conflicts", load: () => import("./conflicts.js"), office: true, badge: "conflicts" },
    { path: "why", es: "¿Por qué es así?", en: "Why is it so?", icon: "why", load: () => import("./why.js"), office: true },
  ] },
  { es: "Datos", en: "Data", pages: [
    { path: "data", es: "Importar y exportar", en: "Import and export", icon: "data", load: () => import("./data.js") },
    { path: "backups", es: "Copias de seguridad", en: "Backups", icon: "backups", load: () => import("./backups.js") },
    { path: "trash", es: "Papelera", en: "Trash", icon: "trash", load: () => import("./trash.js") },
    { path: "changes", es: "Cambios", en: "Change log", icon: "changes", load: () => import("./changes.js") },
    { path: "stream", es: "En vivo", en: "Live", icon: "live", load: () => import("./stream.js"), office: true },
  ] },
  { es: "Acceso", en: "Access", pages: [
    { path: "users", es: "Usuarios y PIN", en: "Users and PINs", icon: "users", load: () => import("./users.js") },
    { path: "terminals", es: "Terminales", en: "Terminals", icon: "terminals", load: () => import("./terminals.js") },
  ] },
  { es: "Servidor", en: "Server", pages: [
    { path: "addresses", es: "Direcciones", en: "Addresses", icon: "addresses", load: () => import("./addresses.js") },
    { path: "logs", es: "Registro del servidor", en: "Server log", icon: "logs", load: () => import("./logs.js") },
    { path: "settings", es: "Ajustes", en: "Settings", icon: "settings", load: () => import("./settings.js") },
  ] },
];

const place = /** @type {HTMLElement} */ (document.getElementById("console"));
/** @type {(() => void)[]} */
let endings = [];
let shown = 0;
/** @type {{plant: {name?: string}, sync: {conflicts: number, setAside: number}} | null} */
let status = null;

function gate() {
  disconnect();
  const pin = h("input", { class: "pin", name: "pin", type: "password", inputmode: "numeric", autocomplete: "off", pattern: "[0-9]{4,8}", maxlength: 8, required: true, "aria-label": "PIN", autofocus: true });
  const failure = h("p", { class: "error", role: "alert", hidden: true });
  const go = h("button", { class: "primary" }, say("Entrar", "Log in"));
  const form = h("form", { class: "card" },
    h("div", { class: "row spread" }, brand("Structura Local", say("Consola", "Console")), languages(draw)),
    h("label", {}, h("span", {}, say("PIN de administrador o supervisor", "PIN of an administrator or supervisor")), pin),
    failure, go);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    failure.hidden = true;
    try {
      const who = await logIn(pin.value);
      if (who.role === "OPERATOR") {
        await logOut();
        throw new Error(say("La consola es para administradores y supervisores.", "The console is for administrators and supervisors."));
      }
      draw();
    } catch (error) {
      go.disabled = false;
      const missing = document.contains(failure) ? failure : document.querySelector(".gate .error");
      if (missing instanceof HTMLElement) {
        missing.textContent = words(error);
        missing.hidden = false;
      }
      pin.value = "";
      pin.focus();
    }
  });
  document.title = "Structura Local";
  place.className = "";
  place.replaceChildren(h("main", { class: "gate" }, form));
  pin.focus();
}

/** The entries that this person may open. */
function menu() {
  const isAdmin = user()?.role === "ADMIN";
  return MENU.map((group) => ({ ...group, pages: group.pages.filter((page) => isAdmin || page.office) })).filter(({ pages }) => pages.length > 0);
}

function frame() {
  const who = user();
  const toggle = h("button", { type: "button", class: "plain", "aria-expanded": "false", "aria-controls": "menu" }, icon(ICONS.menu), say("Menú", "Menu"));
  toggle.addEventListener("click", () => open(!place.classList.contains("open")));
  const open = (/** @type {boolean} */ wide) => {
    place.classList.toggle("open", wide);
    toggle.setAttribute("aria-expanded", String(wide));
  };
  const name = status?.plant.name ?? "Structura Local";
  const nav = h("nav", { class: "side", id: "menu", "aria-label": say("Páginas", "Pages") },
    brand(name, say("Consola", "Console")),
    ...menu().flatMap((group) => [
      say(group.es, group.en) && h("h2", {}, say(group.es, group.en)),
      ...group.pages.map((page) => {
        const waiting = page.badge ? (status?.sync[page.badge] ?? 0) : 0;
        return h("a", { href: `#/${page.path}`, "data-page": page.path, onclick: () => open(false) },
          icon(ICONS[page.icon]), say(page.es, page.en), waiting > 0 && h("span", { class: "count" }, waiting));
      }),
    ]),
    h("div", { class: "who" },
      h("div", {}, who?.name, " ", h("span", { class: "tag" }, who?.role)),
      h("div", { class: "row spread" }, languages(draw), button(say("Salir", "Log out"), logOut, "small plain"))));
  place.className = "frame";
  place.replaceChildren(
    h("a", { class: "skip", href: "#content" }, say("Ir al contenido", "Skip to content")),
    h("div", { class: "top" }, brand(name, ""), toggle), nav, h("main", { id: "content", tabindex: -1 }));
}

/** Where the address leads: a page, and what is asked of it. */
function route() {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const pages = menu().flatMap((group) => group.pages);
  const entry = pages.find((page) => page.path === path) ?? pages[0];
  return { entry, query: new URLSearchParams(query) };
}

async function open() {
  for (const end of endings.splice(0)) end();
  const number = ++shown;
  const gone = () => number !== shown;
  const { entry, query } = route();
  if (!entry) return;
  const root = document.getElementById("content");
  if (!root) return;
  for (const link of document.querySelectorAll("[data-page]")) {
    if (link.getAttribute("data-page") === entry.path) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  root.removeAttribute("data-ready");
  const title = say(entry.es, entry.en);
  document.title = `${title} · ${status?.plant.name ?? "Structura Local"}`;
  root.replaceChildren(h("header", {}, h("h1", {}, title)), h("p", { class: "note" }, say("Cargando…", "Loading…")));
  const fresh = h("div", { class: "stack" });
  /** @type {Context} */
  const context = {
    root: fresh, query, gone, isAdmin: user()?.role === "ADMIN",
    every: (ms, act) => {
      const timer = setInterval(() => !document.hidden && act(), ms);
      endings.push(() => clearInterval(timer));
    },
    onChange: (act) => endings.push(hear(act)),
  };
  try {
    await (await entry.load()).show(context);
  } catch (error) {
    fresh.replaceChildren(h("div", { class: "said bad", role: "alert" }, words(error)), h("div", {}, button(say("Intentar de nuevo", "Try again"), open)));
  }
  if (gone()) return;
  root.replaceChildren(h("header", {}, h("h1", {}, title)), fresh);
  root.setAttribute("data-ready", entry.path);
}

async function look() {
  if (user() === null) return;
  try {
    const before = JSON.stringify([status?.plant.name, status?.sync.conflicts, status?.sync.setAside]);
    status = await ask("GET", "/api/system/status");
    if (before !== JSON.stringify([status?.plant.name, status?.sync.conflicts, status?.sync.setAside])) badges();
  } catch {
    // the open page says what is wrong
  }
}

/** What the menu counts, without touching the page that is open. */
function badges() {
  const content = document.getElementById("content");
  if (!content) return;
  const wasOpen = place.classList.contains("open");
  frame();
  document.getElementById("content")?.replaceWith(content);
  place.classList.toggle("open", wasOpen);
  const { entry } = route();
  document.querySelector(`[data-page="${entry?.path}"]`)?.setAttribute("aria-current", "page");
}

async function draw() {
  for (const end of endings.splice(0)) end();
  if (user() === null) return gate();
  await look();
  if (user() === null) return gate();
  connect();
  frame();
  await open();
}

onEnd(() => {
  document.querySelector("dialog")?.close();
  status = null;
  gate();
});
addEventListener("hashchange", () => {
  document.getElementById("content")?.focus();
  if (user() !== null) void open();
});
addEventListener("unhandledrejection", (event) => toast(words(event.reason), "bad"));
setInterval(() => !document.hidden && void look(), 15_000);
void draw();
