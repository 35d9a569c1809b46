// @ts-check
// The bundle that head office made for a PC: chosen, read, and given to the server. `/setup` and the console both take one.

import { Problem, say } from "./client.js";
import { field, h, sure } from "./dom.js";

/** @typedef {Record<string, unknown>} Bundle */

/**
 * The field for its file. `bundle` is what was read from it, null if that is none.
 * @param {string} note what is said before one is chosen @param {(bundle: Bundle | null, plant: string) => void} [chosen]
 */
export function bundleField(note, chosen = () => undefined) {
  const file = h("input", { type: "file", accept: ".json,application/json" });
  const about = h("p", { class: "note", role: "status" }, note);
  const made = { element: h("div", {}, field(say("Paquete que hizo la central para esta PC", "Bundle that head office made for this PC"), file), about), bundle: /** @type {Bundle | null} */ (null) };
  file.addEventListener("change", async () => {
    made.bundle = null;
    const [one] = file.files ?? [];
    if (!one) return;
    try {
      const read = JSON.parse(await one.text());
      if (typeof read?.plantId !== "string" || typeof read.dsn !== "string") throw new Error("no bundle");
      made.bundle = read;
      const plant = String(read.plantName || read.plantId);
      about.textContent = say(`Este paquete es de la planta «${plant}».`, `This bundle is for the plant “${plant}”.`);
      chosen(made.bundle, plant);
    } catch {
      about.textContent = say("Este archivo no es un paquete de la central.", "This file is no bundle of head office.");
      chosen(null, "");
    }
  });
  return made;
}

/**
 * Send a bundle; if it is for a plant of another name, only once that is meant.
 * @template T
 * @param {(more: {anotherName?: true}) => Promise<T>} send @returns {Promise<T>}
 */
export async function sendBundle(send) {
  try {
    return await send({});
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "other-plant") throw error;
    /** @type {T[]} */
    const done = [];
    const meant = await sure(error.message, say("¿Conectar esta PC a la planta del paquete? La planta tendrá ese nombre.", "Connect this PC to the bundle's plant? The plant will have that name."),
      say("Conectar", "Connect"), async () => done.push(await send({ anotherName: true })), "primary");
    if (!meant) throw error;
    return /** @type {T} */ (done[0]);
  }
}
