/**
 * A terminal in little, on the modules as the plant's app uses them. `?poll=` is the time between polls, `?api=` the
 * server's address (what a build has from VITE_API_URL).
 */

import { ApiError, add, connect, readConfig } from "../../src/index";

const part = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no ${id}`);
  return found;
};

const parameters = new URLSearchParams(location.search);
const pollEvery = Number(parameters.get("poll") ?? 5_000);
const config = readConfig({ ...import.meta.env, VITE_API_URL: parameters.get("api") ?? "" });
const { auth, data, outbox } = connect({ config, pollEvery });

function list(id: string, lines: readonly string[]): void {
  part(id).replaceChildren(...lines.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
}

function draw(): void {
  const { lists, phase, online, pending } = data.snapshot();
  part("user").textContent = auth.user?.name ?? "";
  part("phase").textContent = phase;
  part("online").textContent = online ? "en línea" : "sin conexión";
  part("pending").textContent = String(pending);
  list(
    "machines",
    lists.machines.map((machine) => `${machine.name}: ${machine.status}`),
  );
  list(
    "inventory",
    lists.inventory.map((item) => `${item.name}: ${item.quantity}`),
  );
}

data.subscribe(draw);
outbox.onRefused(({ error }) => {
  part("error").textContent = error.message;
});
part("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  part("error").textContent = "";
  try {
    await auth.login((part("pin") as HTMLInputElement).value);
  } catch (error) {
    part("error").textContent = error instanceof ApiError ? error.message : String(error);
  }
});
part("tap").addEventListener("click", () => {
  const item = data.snapshot().lists.inventory[0];
  if (item) data.update("inventory", item.id, { quantity: add(-10) });
});
part("logout").addEventListener("click", () => auth.logout());
data.start();
draw();
