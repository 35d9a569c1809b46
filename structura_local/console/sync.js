// @ts-check
// The exchange with head office: what it does now, what went wrong, what was set aside, and files carried by hand.

import { bundleField, sendBundle } from "./bundle.js";
import { ask, download, patiently, Problem, say } from "./client.js";
import { ago, button, card, count, facts, h, span, sure, table, toast, when } from "./dom.js";
import * as words from "./words.js";

/** @param {string} state */
const doing = (state) =>
  ({
    "local-only": say("No está conectada a una central", "Not connected to a head office"),
    connecting: say("Conectando", "Connecting"),
    exchanging: say("Intercambiando cambios", "Exchanging changes"),
    waiting: say("Todo intercambiado; espera cambios", "Everything exchanged; waiting for changes"),
    offline: say("Sin conexión; la planta trabaja por su cuenta", "No link; the plant works by itself"),
  })[state] ?? state;

/** @param {string} step */
function compared(step) {
  const except = /except (\d+)/.exec(step)?.[1];
  const more = except ? say(`, salvo ${except} filas apartadas`, `, except ${except} rows set aside`) : "";
  if (step.startsWith("in step")) return h("span", { class: "tag good" }, say("en sintonía", "in step") + more);
  if (step.startsWith("was in step")) return h("span", { class: "tag" }, say("estaba en sintonía", "was in step") + more);
  if (step === "differing") return h("span", { class: "tag bad" }, say("difieren", "differing"));
  return h("span", { class: "tag" }, say("todavía no comparado", "not compared yet"));
}

/** @param {any} status */
function state(status) {
  const { sync } = status;
  return card(say("Ahora", "Now"),
    facts([
      [say("Planta", "Plant"), [status.plant.name, status.plant.id && `(${status.plant.id})`].filter(Boolean).join(" ")],
      [say("Qué hace", "What it does"), doing(sync.state)],
      [say("Sin conexión desde", "No link since"), sync.offlineSince && when(sync.offlineSince)],
      [say("Próximo intento", "Next try"), sync.nextTry && sync.state === "offline" ? say(`en ${span((Date.parse(sync.nextTry) - Date.parse(status.time)) / 1000)}`, `in ${span((Date.parse(sync.nextTry) - Date.parse(status.time)) / 1000)}`) : null],
      [say("Último error", "Last error"), sync.lastError && h("span", { class: "error" }, sync.lastError)],
      [say("Último intercambio", "Last exchange"), sync.lastExchange ? `${when(sync.lastExchange)} (${ago(sync.lastExchange, status.time)})` : say("ninguno desde el arranque", "none since the start")],
      [say("Esperan aquí", "Waiting here"), sync.pending ? say(`${count(sync.pending)} cambios desde ${when(sync.pendingSince)}`, `${count(sync.pending)} changes since ${when(sync.pendingSince)}`) : say("nada", "nothing")],
      [say("El más antiguo", "The oldest"), sync.oldest && words.collections.includes(sync.oldest.collection) && h("a", { href: `#/why?collection=${sync.oldest.collection}&id=${encodeURIComponent(sync.oldest.id)}` }, `${words.collection(sync.oldest.collection)} ${sync.oldest.id}`)],
      [say("Desde el arranque", "Since the start"), say(`${count(sync.pushed)} filas enviadas, ${count(sync.pulled)} recibidas`, `${count(sync.pushed)} rows sent, ${count(sync.pulled)} received`)],
      [say("Diferencia de reloj", "Clock difference"), sync.clockOffsetMs === undefined ? null : `${count(sync.clockOffsetMs / 1000)} s`],
    ]));
}

/** @param {any} status @param {() => Promise<void>} again */
function digests(status, again) {
  const { sync } = status;
  return card(say("Comparación con la central", "Comparison with head office"),
    h("p", { class: "note" }, say("Tras cada intercambio se comparan las sumas de todas las filas de los dos lados.", "After each exchange the sums of all rows on both sides are compared.")),
    facts([
      [say("Resultado", "Result"), compared(sync.step)],
      [say("Desde", "Since"), sync.inStepSince && when(sync.inStepSince)],
      [say("Última vez", "Last time"), sync.inStep && `${when(sync.inStep)} (${ago(sync.inStep, status.time)})`],
      [say("Difieren", "Differing"), sync.differing.length ? sync.differing.map(words.collection).join(", ") : null],
    ]),
    h("p", {}, button(say("Intercambiar y comparar ahora", "Exchange and compare now"), again, "primary")));
}

/** @param {any[]} rows @param {() => Promise<void>} redraw */
function aside(rows, redraw) {
  const lines = rows.map((row) => [
    h("span", { class: "tag" }, row.direction === "pull" ? say("llegó de la central", "from head office") : say("va a la central", "to head office")),
    h("a", { href: `#/why?collection=${row.collection}&id=${encodeURIComponent(row.rowId)}` }, `${words.collection(row.collection)} ${row.rowId}`),
    row.reason,
    when(row.at),
    row.state === "waiting" ? h("span", { class: "tag" }, say("se reintenta", "being tried")) : button(say("Reintentar", "Try again"), async () => {
      await ask("POST", `/api/system/set-aside/${row.id}/retry`);
      await redraw();
    }, "small"),
  ]);
  return card(say("Filas apartadas", "Rows set aside"),
    rows.length > 0 && h("p", { class: "note" }, say("Uno de los dos lados no pudo tomarlas. No detienen a las demás, y se reintentan solas cuando cambia el programa de uno de los lados.", "One of the sides could not take them. They hold up nobody, and are tried again by themselves when either side's program changes.")),
    table([{ name: say("Sentido", "Direction") }, { name: say("Objeto", "Object") }, { name: say("Motivo", "Reason") }, { name: say("Último intento", "Last try"), kind: "tight" }, { name: "", kind: "acts" }], lines,
      say("Ninguna fila está apartada.", "No row is set aside.")));
}

/**
 * What a file from head office did.
 * @param {{state: string, rows: number, acknowledged: number, waiting: number, aside: number, behind: number, differing: string[] | null}} done
 */
function taken(done) {
  const states = {
    applied: say("Aplicado.", "Applied."),
    known: say("Todo lo de este archivo ya estaba aquí.", "All of this file was here already."),
    "set-back": say("La central había olvidado lo que esta PC envió; el próximo archivo lo lleva todo de nuevo.", "Head office had forgotten what this PC had sent; the next file brings everything again."),
    "new-node": say("Esta base es una copia o fue restaurada; el próximo archivo lo lleva todo de nuevo.", "This database is a copy, or was restored; the next file brings everything again."),
  };
  const differing = done.differing?.map((name) => words.collection(name.replaceAll("_", "-"))).join(", ");
  const more = [
    done.rows > 0 && say(`${count(done.rows)} filas recibidas.`, `${count(done.rows)} rows received.`),
    done.acknowledged > 0 && say(`La central confirmó ${count(done.acknowledged)} cambios.`, `Head office has confirmed ${count(done.acknowledged)} changes.`),
    done.waiting > 0 && say(`${count(done.waiting)} cambios todavía deben ir a la central.`, `${count(done.waiting)} changes still have to go to head office.`),
    done.aside > 0 && say(`La central apartó ${count(done.aside)} filas.`, `Head office set ${count(done.aside)} rows aside.`),
    done.behind > 0 && say(`El reloj de esta PC atrasa ${span(done.behind / 1000)} o más.`, `This PC's clock is ${span(done.behind / 1000)} or more behind.`),
    done.differing?.length === 0 && say("Los dos lados son iguales.", "Both sides are equal."),
    differing && say(`Difieren: ${differing}.`, `Differing: ${differing}.`),
  ];
  return [states[/** @type {"known"} */ (done.state)] ?? done.state, ...more.filter(Boolean)].join(" ");
}

/** Download the file for head office; if the clock was set back while changes waited, somebody has to say that it is right. */
async function giveOut() {
  const give = (more = "") => download(`/api/system/carry${more}`, "structura-to-office.carry");
  try {
    await give();
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "clock-in-doubt") throw error;
    await sure(say("¿Está en hora el reloj del servidor?", "Is the server's clock right?"), error.message,
      say("El reloj está en hora", "The clock is right"), () => give("?clockIsRight=true"), "primary");
  }
}

function carry() {
  const file = h("input", { type: "file", "aria-label": say("Archivo de la central", "File from head office") });
  const said = h("p", { role: "status" });
  const take = button(say("Aplicar", "Apply"), async () => {
    const chosen = file.files?.[0];
    if (!chosen) return;
    const done = await ask("POST", "/api/system/carry", chosen);
    said.textContent = taken(done);
    file.value = "";
  }, "primary");
  return card(say("Llevar a mano", "Carry by hand"),
    h("p", { class: "note" }, say("Para una planta sin conexión: un archivo lleva lo que espera a la central, y otro trae la respuesta. Ambos están firmados y se pueden repetir.", "For a plant without a link: one file takes what waits to head office, another brings the answer. Both are signed, and harmless to repeat.")),
    h("div", { class: "two" },
      h("div", {}, h("h3", {}, say("1. A la central", "1. To head office")), h("p", {}, button(say("Descargar archivo", "Download the file"), giveOut))),
      h("div", {}, h("h3", {}, say("2. De la central", "2. From head office")), h("p", {}, file), h("p", {}, take), said)));
}

/** Connect this PC to head office, or connect it anew. @param {boolean} isLinked @param {(news: string) => Promise<void>} done */
function connecting(isLinked, done) {
  const go = button(say("Conectar", "Connect"), async () => {
    const { startedAt } = await ask("GET", "/api/system/status");
    const enrolled = await sendBundle((more) => ask("POST", "/api/system/enrolment", { bundle: file.bundle, ...more }));
    await patiently("GET", "/api/system/status", (status) => status.startedAt !== startedAt);
    await done({
      none: say(`Esta PC es ahora de la planta «${enrolled.plantName}» y comienza a intercambiar con la central.`, `This PC belongs to the plant “${enrolled.plantName}” now and begins to exchange with head office.`),
      same: say("Es el paquete que ya estaba; nada cambió.", "This is the bundle that was here already; nothing has changed."),
      another: say("Para la central esta es ahora una PC nueva de la planta: se intercambia todo una vez más.", "To head office this is a new PC of the plant now: everything is exchanged once more."),
    }[/** @type {"none"} */ (enrolled.before)]);
  }, "primary");
  go.disabled = true;
  const file = bundleField(say("La central lo hace con structura-local central enroll. Contiene una contraseña: bórrelo después.", "Head office makes it with structura-local central enroll. It contains a password: delete it afterwards."), (bundle) => {
    go.disabled = bundle === null;
  });
  const what = isLinked
    ? say("Esta PC ya está conectada. Con otro paquete de la misma planta se presenta como una PC nueva: todo se intercambia una vez más y no se pierde nada. El paquete de ahora sigue valiendo hasta que la central lo dé de baja (structura-local central revoke).", "This PC is connected already. With another bundle for the same plant it presents itself as a new PC: everything is exchanged once more, and nothing is lost. The present bundle stays good until head office revokes it (structura-local central revoke).")
    : say("Con un paquete de la central esta planta deja de trabajar sola: lo que hay aquí llega a la central, y lo de la central llega aquí.", "With a bundle of head office this plant no longer works by itself: what is here reaches head office, and what is there comes here.");
  const content = [h("p", { class: "note" }, what), file.element, h("p", {}, go)];
  return isLinked ? h("details", { class: "card" }, h("summary", {}, say("Conectar con otro paquete", "Connect with another bundle")), ...content)
    : card(say("Conectar con la central", "Connect to head office"), ...content);
}

/** @param {import("./app.js").Context} context */
export async function show({ root, every, onChange, isAdmin, gone }) {
  const now = h("div", { class: "stack" });
  async function draw() {
    const [status, rows] = await Promise.all([ask("GET", "/api/system/status"), ask("GET", "/api/system/set-aside")]);
    if (gone()) return;
    const again = async () => {
      await ask("POST", "/api/system/sync");
      toast(say("El intercambio ha comenzado.", "The exchange has begun."));
      setTimeout(() => void draw().catch(() => undefined), 1500);
    };
    const isLinked = status.sync.state !== "local-only";
    now.replaceChildren(...[
      h("div", { class: "two" }, state(status), isLinked && digests(status, again)),
      isLinked && aside(rows, draw)].filter((part) => part !== false));
    if (isAdmin && connection?.isLinked !== isLinked) {
      connection = { isLinked, element: connecting(isLinked, renewed) };
      place.replaceChildren(connection.element);
    }
    carrying.hidden = !isLinked || !isAdmin;
  }
  const carrying = carry();
  const place = h("div");
  const news = h("div", { class: "said good", role: "status", hidden: true });
  /** @type {{isLinked: boolean, element: HTMLElement} | null} */
  let connection = null; // what somebody is filling in is left alone
  const renewed = async (/** @type {string} */ text) => {
    news.textContent = text;
    news.hidden = false;
    connection = null;
    await draw();
    news.scrollIntoView({ block: "nearest" });
  };
  root.replaceChildren(news, now, carrying, place);
  await draw();
  every(5_000, () => draw().catch(() => undefined));
  let due = 0;
  onChange(() => {
    clearTimeout(due);
    due = window.setTimeout(() => void draw().catch(() => undefined), 1000);
  });
}
