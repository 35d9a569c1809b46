// @ts-check
// Data that comes in and goes out as one file.

import { ask, download, say } from "./client.js";
import { button, card, h, sure } from "./dom.js";
import { importing } from "./importing.js";

/** @param {import("./app.js").Context} context */
export function show({ root }) {
  const send = (/** @type {File} */ file, /** @type {boolean} */ dryRun) => ask("POST", `/api/system/import?dryRun=${dryRun}`, file, { "Content-Type": "application/octet-stream" });
  root.replaceChildren(
    card(say("Importar", "Import"),
      h("p", { class: "note" }, say("La exportación de la aplicación anterior (structura-export.json) o la base del servidor anterior (structura.db). Todo o nada; repetirlo no hace daño.", "An export of the former application (structura-export.json) or the former server's database (structura.db). All or nothing; harmless to repeat.")),
      importing(send),
      h("p", { class: "note" }, h("a", { href: "/export-local-data" }, say("¿Los datos están todavía en un navegador?", "Is the data still in a browser?")))),
    card(say("Exportar", "Export"),
      h("p", { class: "note" }, say("Todos los datos en el formato de la aplicación. Los PIN no los conoce nadie; para volver a trabajar sin servidor se pueden poner nuevos en el archivo.", "All data in the application's format. Nobody knows the PINs; for going back to work without a server, new ones can be put into the file.")),
      h("div", { class: "row" },
        button(say("Descargar structura-export.json", "Download structura-export.json"), () => download("/api/system/export", "structura-export.json"), "primary"),
        button(say("Con PIN nuevos…", "With new PINs…"), () => sure(
          say("¿Poner PIN nuevos en el archivo?", "Put new PINs into the file?"),
          say("El archivo tendrá un PIN nuevo por usuario, a la vista: guárdelo como una llave. Los PIN de este servidor siguen como están.", "The file will hold a new PIN for each user, in clear: keep it like a key. The PINs on this server stay as they are."),
          say("Descargar", "Download"), () => download("/api/system/export?withNewPins=true", "structura-export.json"), "primary")))));
}
