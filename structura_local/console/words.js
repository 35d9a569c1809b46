// @ts-check
// Names of things in both languages, where more than one page says them.

import { say } from "./client.js";

/** @type {Record<string, [string, string]>} */
const COLLECTIONS = {
  machines: ["máquinas", "machines"], jobs: ["trabajos", "jobs"], projects: ["proyectos", "projects"], users: ["usuarios", "users"],
  clients: ["clientes", "clients"], inventory: ["inventario", "inventory"], alerts: ["alertas", "alerts"],
  messages: ["mensajes", "messages"], events: ["eventos", "events"],
  "project-accessories": ["accesorios", "accessories"], projectAccessories: ["accesorios", "accessories"],
};
export const collections = Object.keys(COLLECTIONS).filter((name) => name !== "projectAccessories");

/** @type {Record<string, [string, string, string]>} */
const KINDS = {
  create: ["creado", "created", "good"], update: ["cambiado", "changed", "accent"], delete: ["eliminado", "deleted", "bad"], restore: ["recuperado", "restored", "warn"],
};
export const kinds = Object.keys(KINDS);

/** @type {Record<string, [string, string]>} */
const ORIGINS = {
  api: ["una persona", "a person"], import: ["importación", "import"], setup: ["puesta en marcha", "setup"], sync: ["la central", "head office"],
  rules: ["reglas", "rules"], derived: ["reglas", "rules"],
  default: ["valor por defecto", "default"], file: ["archivo", "file"], environment: ["entorno", "environment"], flag: ["línea de comandos", "command line"],
};
export const origins = ["api", "import", "setup", "sync", "rules"];

/** @type {Record<string, [string, string]>} */
const ROLES = { ADMIN: ["Administrador", "Administrator"], SUPERVISOR: ["Supervisor", "Supervisor"], OPERATOR: ["Operario", "Operator"] };
export const roles = Object.keys(ROLES);

/** @param {Record<string, readonly string[]>} names @param {string} name */
const named = (names, name) => say(names[name]?.[0] ?? name, names[name]?.[1] ?? name);

/** @param {string} name */ export const collection = (name) => named(COLLECTIONS, name);
/** @param {string} name */ export const kind = (name) => named(KINDS, name);
/** @param {string} name */ export const tone = (name) => KINDS[name]?.[2] ?? "";
/** @param {string} name */ export const origin = (name) => named(ORIGINS, name);
/** @param {string} name */ export const role = (name) => named(ROLES, name);

/**
 * The sync in a few words: how it stands, and how worried to be.
 * @param {any} sync `sync` of the status
 * @returns {{tone: "good" | "warn" | "bad" | "plain", title: string}}
 */
export function standing(sync) {
  if (sync.state === "local-only") return { tone: "plain", title: say("Esta planta trabaja sola, sin central", "This plant works by itself, without head office") };
  if (sync.step === "differing") return { tone: "bad", title: say("Los datos difieren de los de la central", "The data differs from head office's") };
  if (sync.state === "offline") return { tone: "warn", title: say("Sin conexión con la central; la planta sigue trabajando", "No link to head office; the plant works on") };
  if (sync.setAside > 0) return { tone: "warn", title: say(`En sintonía, salvo ${sync.setAside} filas apartadas`, `In step, except ${sync.setAside} rows set aside`) };
  if (sync.step === "in step" && sync.pending === 0) return { tone: "good", title: say("En sintonía con la central", "In step with head office") };
  if (sync.state === "connecting") return { tone: "plain", title: say("Conectando con la central…", "Connecting to head office…") };
  return { tone: "good", title: say("Intercambiando con la central", "Exchanging with head office") };
}
