// @ts-check
// One kind of chart: a value over time, with what the pointer is at in words above it.

import { language, say } from "./client.js";
import { h, svg } from "./dom.js";

const [WIDTH, HEIGHT] = [470, 170];
const EDGE = { left: 52, right: 10, top: 10, bottom: 24 };

/** @typedef {{at: string, value: number}} Point */

/** A round number at or above a value, so that the axis reads well. @param {number} value @param {number} base */
function ceiling(value, base) {
  if (value <= 0) return base === 1024 ? 1 : 4;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 4, 5, 8, 10].find((factor) => factor * power >= value) ?? 10;
  return Math.max(step * power, base === 1024 ? 0 : 4);
}

/** @param {number} ms @param {number} range */
function moment(ms, range) {
  const locale = language === "es" ? "es" : "en-GB";
  return range < 36 * 3_600_000
    ? new Date(ms).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" })
    : new Date(ms).toLocaleDateString(locale, { day: "numeric", month: "short" });
}

/**
 * @param {{title: string, points: Point[], format: (value: number) => string, bytes?: boolean}} what
 */
export function chart({ title, points, format, bytes = false }) {
  const readout = h("span", { class: "note number" });
  const head = h("div", { class: "chart-head" }, h("h2", {}, title), readout);
  if (points.length < 2) {
    const soon = say("Todavía no hay suficientes datos; se mide una vez por minuto.", "Not enough data yet; it is measured once a minute.");
    return h("section", { class: "card" }, head, h("p", { class: "empty" }, soon));
  }
  const times = points.map(({ at }) => Date.parse(at));
  const [first, last] = [times[0] ?? 0, times[times.length - 1] ?? 1];
  const range = Math.max(1, last - first);
  const top = ceiling(Math.max(...points.map(({ value }) => value)), bytes ? 1024 : 1);
  const x = (/** @type {number} */ ms) => EDGE.left + ((ms - first) / range) * (WIDTH - EDGE.left - EDGE.right);
  const y = (/** @type {number} */ value) => HEIGHT - EDGE.bottom - (value / top) * (HEIGHT - EDGE.top - EDGE.bottom);
  const line = points.map(({ value }, i) => `${i ? "L" : "M"}${x(times[i] ?? 0).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const area = `${line}L${x(last).toFixed(1)} ${y(0)}L${x(first).toFixed(1)} ${y(0)}Z`;
  const rule = svg("line", { class: "at", y1: EDGE.top, y2: HEIGHT - EDGE.bottom, visibility: "hidden" });
  const dot = svg("circle", { class: "dot", r: 4, visibility: "hidden" });
  const latest = points[points.length - 1];
  const drawn = svg("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img",
    "aria-label": `${title}: ${latest ? format(latest.value) : ""}` },
    ...[0, 0.5, 1].flatMap((part) => [
      svg("line", { class: "grid", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y(top * part), y2: y(top * part) }),
      svg("text", { x: EDGE.left - 6, y: y(top * part) + 4, "text-anchor": "end" }, format(top * part)),
    ]),
    ...[0, 0.5, 1].map((part) => svg("text", { x: x(first + range * part), y: HEIGHT - 6,
      "text-anchor": part === 0 ? "start" : part === 1 ? "end" : "middle" }, moment(first + range * part, range))),
    svg("path", { class: "area", d: area }), svg("path", { class: "line", d: line }), rule, dot);
  const tell = (/** @type {Point | undefined} */ point) => {
    readout.textContent = point ? `${format(point.value)} · ${moment(Date.parse(point.at), range)}` : "";
  };
  tell(latest);
  drawn.addEventListener("pointermove", (event) => {
    const box = drawn.getBoundingClientRect();
    const ms = first + (((event.clientX - box.left) / box.width) * WIDTH - EDGE.left) / (WIDTH - EDGE.left - EDGE.right) * range;
    const near = times.reduce((best, time, i) => (Math.abs(time - ms) < Math.abs((times[best] ?? 0) - ms) ? i : best), 0);
    const point = points[near];
    if (!point) return;
    const at = x(times[near] ?? 0);
    for (const [name, value] of /** @type {const} */ ([["x1", at], ["x2", at], ["visibility", "visible"]])) rule.setAttribute(name, String(value));
    for (const [name, value] of /** @type {const} */ ([["cx", at], ["cy", y(point.value)], ["visibility", "visible"]])) dot.setAttribute(name, String(value));
    tell(point);
  });
  drawn.addEventListener("pointerleave", () => {
    for (const part of [rule, dot]) part.setAttribute("visibility", "hidden");
    tell(latest);
  });
  return h("section", { class: "card" }, head, drawn);
}
