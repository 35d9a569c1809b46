// @ts-check
// The live line to the server: tells what was committed, and comes back by itself when the network was gone.

import { token } from "./client.js";

/** @typedef {{seq: number, collection: string, id: string, kind: string, origin: string}} Change */
/** @typedef {(changes: Change[] | null) => void} Hearer null: too much was missed, load everything anew */

/** @type {Set<Hearer>} */
const hearers = new Set();
/** @type {WebSocket | null} */
let line = null;
/** @type {{run: string, seq: number} | null} */
let last = null;
let pause = 500;
let again = 0;

/** Whether the line is up. */
export const isLive = () => line?.readyState === WebSocket.OPEN && last !== null;

/** Hear of each change; returns what ends it. @param {Hearer} hearer */
export function hear(hearer) {
  hearers.add(hearer);
  return () => hearers.delete(hearer);
}

/** Open the line, for whoever is logged in. */
export function connect() {
  if (line !== null || !token()) return;
  const opened = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/live`);
  line = opened;
  opened.addEventListener("open", () => opened.send(JSON.stringify({ token: token(), ...last })));
  opened.addEventListener("message", (event) => {
    const said = JSON.parse(event.data);
    last = { run: said.run ?? last?.run, seq: said.seq };
    pause = 500;
    if (said.type === "reload") tell(null);
    if (said.type === "changes") tell(said.changes);
  });
  opened.addEventListener("close", (event) => {
    if (line !== opened) return;
    line = null;
    if (event.code === 4401) return; // the session has ended; the next request says so to the person
    again = window.setTimeout(connect, pause);
    pause = Math.min(pause * 2, 15_000);
  });
}

/** Close it for good, until somebody logs in again. */
export function disconnect() {
  clearTimeout(again);
  const closing = line;
  [line, last] = [null, null];
  closing?.close();
}

/** @param {Change[] | null} changes */
function tell(changes) {
  for (const hearer of [...hearers]) hearer(changes);
}
