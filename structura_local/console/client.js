// @ts-check
// What all our pages share in talking to the server: the language, the session, requests, and what went wrong in words.

/** @typedef {"es" | "en"} Language */
/** @typedef {{id: string, name: string, role: "ADMIN" | "SUPERVISOR" | "OPERATOR"}} User */

const SPOKEN = "structura-language";
const KEPT = "structura-session";
const PATIENCE = 120_000; // milliseconds that a server may take to begin anew
const TEXTS = {
  es: "No se pudo hablar con el servidor. Compruebe la red e intente de nuevo.",
  en: "The server could not be reached. Check the network and try again.",
};

/** The language chosen here, or the first that the browser asks for of those there are. @returns {Language} */
function preferred() {
  const tags = [localStorage.getItem(SPOKEN) ?? "", ...navigator.languages].map((tag) => tag.slice(0, 2));
  return tags.find((tag) => tag === "es" || tag === "en") === "es" ? "es" : "en";
}

/** @type {Language} */
export let language = preferred();
document.documentElement.lang = language;

/** Speak this language from now on, also after a reload. @param {Language} chosen */
export function speak(chosen) {
  language = chosen;
  localStorage.setItem(SPOKEN, chosen);
  document.documentElement.lang = chosen;
}

/** A text in the language spoken. @param {string} es @param {string} en */
export const say = (es, en) => (language === "es" ? es : en);

/** What the server refused, or that it did not answer (status 0); `message` is to be shown. */
export class Problem extends Error {
  /** @param {number} status @param {string} code @param {string} message @param {{field: string, msg: string}[]} errors */
  constructor(status, code, message, errors = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

/** @type {{token: string, user: User} | null} */
let session = null;
/** @type {() => void} */
let ended = () => {};

/** Who is logged in here; a reload of the page does not end it. */
export function user() {
  if (session === null) {
    const kept = sessionStorage.getItem(KEPT);
    session = kept === null ? null : JSON.parse(kept);
  }
  return session?.user ?? null;
}

/** What proves it; for the one place that cannot use `ask`. */
export const token = () => (user() === null ? "" : (session?.token ?? ""));

/** Call this when the session has ended, whoever ended it. @param {() => void} callback */
export function onEnd(callback) {
  ended = callback;
}

/** @param {{token: string, user: User}} opened */
export function keep(opened) {
  session = opened;
  sessionStorage.setItem(KEPT, JSON.stringify(opened));
}

/** @param {string} pin @returns {Promise<User>} */
export async function logIn(pin) {
  const opened = await ask("POST", "/api/auth/login", { pin });
  keep(opened);
  return opened.user;
}

/** Never fails: a token that the server could not be told of ends by itself. */
export async function logOut() {
  if (session !== null) await ask("POST", "/api/auth/logout").catch(() => undefined);
  drop();
}

function drop() {
  session = null;
  sessionStorage.removeItem(KEPT);
  ended();
}

/**
 * One request; its response. Throws `Problem`.
 * @param {string} method @param {string} path @param {unknown} [body] JSON, or a file's bytes
 * @param {Record<string, string>} [more] headers
 */
export async function request(method, path, body, more = {}) {
  /** @type {Record<string, string>} */
  const headers = { "Accept-Language": language, ...more };
  const bearer = token();
  if (bearer) headers["Authorization"] ??= `Bearer ${bearer}`;
  const isFile = body instanceof Blob;
  if (body !== undefined && !isFile) headers["Content-Type"] = "application/json";
  if (isFile) headers["Content-Type"] ??= "application/octet-stream";
  let response;
  try {
    response = await fetch(path, { method, headers, body: body === undefined || isFile ? (body ?? null) : JSON.stringify(body) });
  } catch {
    throw new Problem(0, "offline", TEXTS[language]);
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  const code = String(problem.type ?? "").split("/").pop() ?? "";
  if (response.status === 401 && ["dead-token", "no-token"].includes(code) && bearer && bearer === token()) drop();
  const errors = problem.errors ?? [];
  const details = errors.map((/** @type {{field: string, msg: string}} */ { field, msg }) => `${field}: ${msg}`).join("; ");
  throw new Problem(response.status, code, [problem.detail ?? `${response.status}`, details].filter(Boolean).join(" "), errors);
}

/** One request; its answer as JSON. Throws `Problem`. @param {string} method @param {string} path @param {unknown} [body] @param {Record<string, string>} [more] @returns {Promise<any>} */
export async function ask(method, path, body, more) {
  const response = await request(method, path, body, more);
  return response.status === 204 ? null : response.json();
}

/**
 * The same, again and again while the server begins anew: for a moment it answers 503, or not at all.
 * @param {string} method @param {string} path @param {(answer: any) => boolean} [isIt] whether it has begun anew
 * @returns {Promise<any>}
 */
export async function patiently(method, path, isIt = () => true) {
  const end = performance.now() + PATIENCE;
  for (;;) {
    try {
      const answer = await ask(method, path);
      if (isIt(answer) || performance.now() > end) return answer;
    } catch (error) {
      if (!(error instanceof Problem && [0, 503].includes(error.status)) || performance.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

/** A page of a list, and where it goes on. @param {string} path @returns {Promise<{rows: any[], next: string | null}>} */
export async function page(path) {
  const response = await request("GET", path);
  const next = /<([^>]+)>; rel="next"/.exec(response.headers.get("Link") ?? "")?.[1];
  const at = next ? new URL(next) : null;
  return { rows: await response.json(), next: at ? at.pathname + at.search : null };
}

/** Have the browser save something. @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Get a file from the server and save it under the name it gives. @param {string} path @param {string} fallback */
export async function download(path, fallback) {
  const response = await request("GET", path);
  const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1];
  save(await response.blob(), name ?? fallback);
}
