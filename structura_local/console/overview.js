// @ts-check
// The overview: is everything well, and if not, what. Charts for what a person would rather look at than read.

import { ask, request, say } from "./client.js";
import { ago, button, count, h, icon, size, span, toast, when } from "./dom.js";
import { chart } from "./chart.js";
import { ICONS } from "./icons.js";
import * as words from "./words.js";

const HOURS = 24;
const WRONG = 5_000; // milliseconds by which a clock may be off

/** @typedef {"good" | "warn" | "bad" | "plain"} Tone */

/** @param {{what: string, big: string, more?: string | undefined, tone?: Tone, href?: string, extra?: Node}} said */
function tile({ what, big, more, tone = "plain", href, extra }) {
  const inside = [h("span", { class: "what" }, what), h("span", { class: "big" }, big), extra, more && h("span", { class: "more" }, more)];
  const kind = `card tile tone-${tone}`;
  return href ? h("a", { class: kind, href }, ...inside) : h("div", { class: kind }, ...inside);
}

/** @param {any} status */
function hero(status) {
  const { tone, title } = words.standing(status.sync);
  const { sync } = status;
  const lines = [
    sync.inStepSince && sync.step.startsWith("in step") && say(`Desde ${when(sync.inStepSince)}; comparado por última vez ${ago(sync.inStep, status.time)}.`,
      `Since ${when(sync.inStepSince)}; last compared ${ago(sync.inStep, status.time)}.`),
    sync.offlineSince && say(`Desde ${when(sync.offlineSince)}. No se pierde nada: los cambios esperan aquí el tiempo que haga falta.`,
      `Since ${when(sync.offlineSince)}. Nothing is lost: changes wait here for as long as it takes.`),
    sync.lastError,
    sync.differing?.length > 0 && sync.differing.map(words.collection).join(", "),
  ].filter(Boolean);
  const now = sync.state !== "local-only" && button(say("Sincronizar ahora", "Sync now"), async () => {
    await ask("POST", "/api/system/sync");
    toast(say("El intercambio ha comenzado.", "The exchange has begun."));
  });
  return h("section", { class: `card hero tone-${tone}` }, icon(ICONS[tone]),
    h("div", {}, h("h2", {}, title), ...lines.map((line) => h("p", { class: "note" }, line))),
    now && h("div", { class: "act" }, now));
}

/** What is wrong with the disk and what mends it, where something is. @param {any} status */
function warning(status) {
  const { state, detail } = status.disk;
  return state === "fine" ? [] : [h("p", { class: `said ${state === "low" ? "warn" : "bad"}` }, detail)];
}

/** @param {any} status */
function backups(status) {
  const said = status.backups;
  if (!said) return null;
  const big = said.ageSeconds === undefined ? say("ninguna", "none") : say(`hace ${span(said.ageSeconds)}`, `${span(said.ageSeconds)} ago`);
  const more = said.lastError ?? say(`${said.count === 1 ? "1 copia" : `${said.count} copias`}, ${size(said.bytes ?? 0)}`, `${said.count === 1 ? "1 backup" : `${said.count} backups`}, ${size(said.bytes ?? 0)}`);
  return tile({ what: say("Última copia de seguridad", "Latest backup"), big, more, href: "#/backups",
    tone: said.state === "fine" ? "good" : said.state === "none" ? "warn" : "bad" });
}

/** The certificate for HTTPS, where something is wrong with it. @param {any} status */
function certificate(status) {
  const found = status.certificate;
  if (!found || found.state === "fine") return null;
  const big = { ending: say("vence pronto", "ends soon"), ended: say("vencido", "ended"), failing: say("no sirve", "unusable") }[/** @type {"ended"} */ (found.state)];
  const more = found.detail ? say(`${found.detail}; se sigue usando el anterior`, `${found.detail}; the one before is still used`) : say(`válido hasta ${when(found.until)}`, `good until ${when(found.until)}`);
  return tile({ what: say("Certificado HTTPS", "HTTPS certificate"), big, more, href: "#/settings", tone: found.state === "ending" ? "warn" : "bad" });
}

/** @param {any} status @param {any[] | null} terminals @param {boolean} isAdmin */
function tiles(status, terminals, isAdmin) {
  const { sync, disk } = status;
  const share = disk.totalBytes > 0 ? 1 - disk.freeBytes / disk.totalBytes : 0;
  const days = sync.budget?.daysOfDiskLeft;
  const paired = (terminals ?? []).filter((one) => one.pairedAt);
  const seen = paired.filter((one) => one.lastSeenAt && Date.parse(status.time) - Date.parse(one.lastSeenAt) < 86_400_000);
  const off = sync.clockOffsetMs === undefined ? null : Math.abs(sync.clockOffsetMs);
  const isLinked = sync.state !== "local-only";
  return h("div", { class: "tiles" },
    isLinked && tile({ what: say("Cambios que esperan", "Changes waiting"), big: count(sync.pending), href: "#/sync",
      more: sync.pending ? say(`el más antiguo, ${ago(sync.pendingSince, status.time)}`, `the oldest, ${ago(sync.pendingSince, status.time)}`) : say("todo ha llegado a la central", "all has reached head office"),
      tone: sync.pending > 0 && sync.state === "offline" ? "warn" : "plain" }),
    isLinked && tile({ what: say("Conflictos sin mirar", "Conflicts to look at"), big: count(sync.conflicts), href: "#/conflicts",
      more: sync.conflicts ? say("dos personas, un mismo campo", "two people, one field") : say("ninguno", "none"), tone: sync.conflicts ? "warn" : "plain" }),
    isLinked && tile({ what: say("Filas apartadas", "Rows set aside"), big: count(sync.setAside), href: "#/sync",
      more: sync.setAside ? say("un lado no pudo tomarlas", "one side could not take them") : say("ninguna", "none"), tone: sync.setAside ? "warn" : "plain" }),
    backups(status),
    certificate(status),
    tile({ what: say("Disco libre", "Free disk"), big: size(disk.freeBytes), tone: disk.state === "fine" ? "plain" : disk.state === "low" ? "warn" : "bad",
      extra: h("meter", { min: 0, max: 1, low: 0.8, high: 0.92, optimum: 0, value: share.toFixed(3), "aria-label": say("disco usado", "disk used") }),
      more: days !== undefined && days < 3650 ? say(`alcanza ${count(days)} días más`, `lasts ${count(days)} days more`) : say(`base de datos: ${size(disk.databaseBytes)}`, `database: ${size(disk.databaseBytes)}`) }),
    status.clock.state === "wrong" && off === null && tile({ what: say("Reloj de esta PC", "This PC's clock"), big: say("mal", "wrong"), more: status.clock.detail, tone: "warn" }),
    off !== null && tile({ what: say("Reloj de esta PC", "This PC's clock"), big: off < 1000 ? say("en hora", "on time") : span(off / 1000), tone: off > WRONG ? "warn" : "plain",
      more: off < 1000 ? say("comparado con la central", "compared with head office") : (sync.clockOffsetMs > 0 ? say("de atraso respecto de la central", "behind head office") : say("de adelanto respecto de la central", "ahead of head office")) }),
    isAdmin && terminals && tile({ what: say("Terminales vinculados", "Paired terminals"), big: count(paired.length), href: "#/terminals",
      more: paired.length ? say(`${seen.length} con ingreso en las últimas 24 h`, `${seen.length} with a login in the last 24 h`) : say("ninguno: no se exige vínculo", "none") }),
    status.stops.unclean > 0 && tile({ what: say("Paradas bruscas", "Unclean stops"), big: count(status.stops.unclean),
      more: say(`la última ${ago(status.stops.lastUnclean, status.time)}; sin corriente, o cerrado a la fuerza`, `the last ${ago(status.stops.lastUnclean, status.time)}; without power, or killed`) }),
    tile({ what: say("Versión", "Version"), big: status.version, more: say(`en marcha desde hace ${span(status.uptimeSeconds)}`, `running for ${span(status.uptimeSeconds)}`) }));
}

/** @param {any[]} samples @param {boolean} isLinked */
function charts(samples, isLinked) {
  const points = (/** @type {string} */ name) => samples.map((one) => ({ at: one.at, value: one[name] }));
  const whole = (/** @type {number} */ value) => count(Math.round(value));
  return h("div", { class: "two" },
    isLinked && chart({ title: say("Cambios que esperan", "Changes waiting"), points: points("waiting"), format: whole }),
    chart({ title: say("Peticiones por minuto", "Requests a minute"), points: points("requests"), format: whole }),
    chart({ title: say("Base de datos", "Database"), points: points("databaseBytes"), format: size, bytes: true }),
    chart({ title: say("Disco libre", "Free disk"), points: points("freeBytes"), format: size, bytes: true }));
}

/** @param {import("./app.js").Context} context */
export async function show({ root, every, onChange, isAdmin, gone }) {
  async function draw() {
    const [status, terminals, samples] = await Promise.all([
      ask("GET", "/api/system/status"),
      isAdmin ? ask("GET", "/api/system/terminals") : null,
      request("GET", `/api/system/history?since=${encodeURIComponent(new Date(Date.now() - HOURS * 3_600_000).toISOString())}`).then((response) => response.json()),
    ]);
    if (gone()) return;
    root.replaceChildren(...warning(status), hero(status), tiles(status, terminals, isAdmin), charts(samples, status.sync.state !== "local-only"));
  }
  let due = false;
  const soon = () => {
    if (due) return;
    due = true;
    setTimeout(() => {
      due = false;
      void draw().catch(() => undefined);
    }, 1500); // what was committed is exchanged a moment later
  };
  await draw();
  every(10_000, () => draw().catch(() => undefined));
  onChange(soon);
}
