/** What happens to a terminal's requests and taps when the server or the network goes away, for real. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApiClient } from "../src/apiClient";
import { ApiError } from "../src/apiError";
import { apiRepositories } from "../src/apiRepository";
import { ApiAuthService } from "../src/authService";
import { connect, type Plant } from "../src/connect";
import { Outbox } from "../src/outbox";
import { PlantData } from "../src/plantData";
import { SessionStore } from "../src/session";
import { type KeyValueStorage, memoryStorage } from "../src/storage";
import { add } from "../src/types";
import { ITEM, PEOPLE, Server, until } from "./server";
import { Wire } from "./wire";

const QUICK = { tries: 400, first: 10, most: 50 };

let server: Server;
let wire: Wire;
let storage: KeyValueStorage;
let stops: (() => void)[];

/** A terminal whose browser has this storage; a new one on the same storage is a reload of its page. */
function terminal(at: KeyValueStorage = storage): Plant {
  const config = { apiUrl: wire.url, useApi: true };
  const plant = connect({ config, storage: at, pollEvery: 50, backoff: QUICK });
  stops.push(plant.data.start());
  return plant;
}

/** What the server has, asked past the terminal and its wire. */
async function quantity(): Promise<number> {
  const sessions = new SessionStore(memoryStorage());
  const client = new ApiClient({ baseUrl: server.url, sessions });
  const { data } = await client.request<{ token: string; user: never }>("POST", "/api/auth/login", {
    body: { pin: PEOPLE.admin.pin },
  });
  sessions.set(data);
  return (await apiRepositories(client, sessions).inventory.getById(ITEM.id))?.quantity ?? Number.NaN;
}

const shown = (plant: Plant): number | undefined => plant.data.snapshot().lists.inventory[0]?.quantity;

beforeEach(async () => {
  server = await Server.start();
  wire = await Wire.to(() => server.port);
  storage = memoryStorage();
  stops = [];
});
afterEach(async () => {
  for (const stop of stops) stop();
  await wire[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

describe("apiClient", () => {
  it("asks again until a killed server is back", async () => {
    const plant = terminal();
    await plant.auth.login(PEOPLE.operator.pin);
    await server.kill();
    const asked = plant.repositories.jobs.getAll();
    await server.restart();
    expect((await asked).length).toBe(1);
  });

  it("does once what it sends again, when the server did it and the answer was lost", async () => {
    const { auth, repositories } = terminal();
    await auth.login(PEOPLE.operator.pin);
    wire.loseAnswers(1);
    const changed = await repositories.inventory.update(ITEM.id, { quantity: add(-20) });
    const description = "una vez";
    wire.loseAnswers(1);
    await repositories.events.create({ machineId: "TALLER", type: "CLEANING", severity: "INFO", description });
    expect(wire.lost).toBe(2);
    expect([changed.quantity, await quantity()]).toEqual([80, 80]);
    expect((await repositories.events.query({ where: { description } })).items.length).toBe(1);
  });

  it("takes it for done when a DELETE whose answer was lost finds nothing any more", async () => {
    const { auth, repositories } = terminal();
    await auth.login(PEOPLE.admin.pin);
    await repositories.clients.create({ id: "C-1", name: "Sur" });
    wire.loseAnswers(1);
    await repositories.clients.delete("C-1");
    expect(wire.lost).toBe(1);
    await expect(repositories.clients.delete("C-1")).rejects.toMatchObject({ status: 404 });
  });

  it("never sends a login twice", async () => {
    const sessions = new SessionStore(memoryStorage());
    const auth = new ApiAuthService(new ApiClient({ baseUrl: wire.url, sessions, backoff: QUICK }), sessions);
    wire.loseAnswers(1);
    await expect(auth.login(PEOPLE.operator.pin)).rejects.toMatchObject({ status: 0, code: "offline" });
    expect([auth.user, wire.lost]).toEqual([null, 1]);
  });

  it("gives up after its tries, with a sentence", async () => {
    const sessions = new SessionStore(memoryStorage());
    const client = new ApiClient({ baseUrl: wire.url, sessions, backoff: { tries: 3, first: 1, most: 2 } });
    wire.cut();
    const error = await client.request("GET", "/healthz").catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).message).toContain("Sin conexión");
  });

  it("gives a connection up that hangs", async () => {
    const sessions = new SessionStore(memoryStorage());
    const client = new ApiClient({ baseUrl: server.url, sessions, timeout: 100, backoff: { ...QUICK, tries: 2 } });
    await server.freeze();
    await expect(client.request("GET", "/healthz")).rejects.toMatchObject({ code: "offline" });
  });
});

describe("outbox", () => {
  it("keeps a tap made with the network gone, over a reload, and does it when the network is back", async () => {
    const before = terminal();
    await before.auth.login(PEOPLE.operator.pin);
    await before.data.hydrate();
    wire.cut();
    before.data.update("inventory", ITEM.id, { quantity: add(-20) });
    before.data.update("inventory", ITEM.id, { quantity: add(-5) });
    expect([shown(before), before.data.snapshot().pending]).toEqual([75, 2]);
    await until(() => !before.data.snapshot().online, "the terminal notices");
    expect(shown(before)).toBe(75);

    for (const stop of stops) stop();
    const after = terminal();
    expect(after.outbox.pending.length).toBe(2);
    wire.mend();
    await until(() => after.outbox.pending.length === 0, "both taps are sent");
    expect(await quantity()).toBe(75);
    await until(() => shown(after) === 75, "the list is read");
    expect(after.data.snapshot().online).toBe(true);
  });

  it("counts a tap once when the server is killed between doing it and saying so", async () => {
    const plant = terminal();
    await plant.auth.login(PEOPLE.operator.pin);
    await plant.data.hydrate();
    wire.loseAnswers(1);
    plant.data.update("inventory", ITEM.id, { quantity: add(-20) });
    await until(() => wire.lost === 1, "the answer is lost");
    await server.kill();
    await server.restart();
    await until(() => plant.outbox.pending.length === 0, "the tap is sent");
    expect(await quantity()).toBe(80);
  });

  it("sends in order, and never shows an old value between", async () => {
    const plant = terminal();
    await plant.auth.login(PEOPLE.operator.pin);
    await plant.data.hydrate();
    const seen: number[] = [];
    plant.data.subscribe(() => seen.push(shown(plant) ?? Number.NaN));
    for (let tap = 0; tap < 20; tap++) plant.data.update("inventory", ITEM.id, { quantity: add(-1) });
    await until(() => plant.outbox.pending.length === 0, "all are sent");
    expect(await quantity()).toBe(80);
    expect(seen.filter((value, index) => value > (seen[index - 1] ?? 100))).toEqual([]);
    expect(seen.at(-1)).toBe(80);
  });

  it("holds one user's taps while another is logged in at the terminal", async () => {
    const plant = terminal();
    await plant.auth.login(PEOPLE.operator.pin);
    await plant.data.hydrate();
    wire.cut();
    plant.data.update("inventory", ITEM.id, { quantity: add(-20) });
    await plant.auth.logout();
    wire.mend();
    await plant.auth.login(PEOPLE.other.pin);
    plant.data.create("events", { machineId: "TALLER", type: "CLEANING", severity: "INFO", description: "de Óscar" });
    await until(() => plant.outbox.mine.length === 0, "Óscar's are sent");
    expect([plant.outbox.pending.length, await quantity()]).toEqual([1, 100]);
    await plant.auth.login(PEOPLE.operator.pin);
    await until(() => plant.outbox.pending.length === 0, "Olga's are sent");
    expect(await quantity()).toBe(80);
  });

  it("waits for the next login when the session has ended", async () => {
    const plant = terminal();
    await plant.auth.login(PEOPLE.operator.pin);
    await plant.data.hydrate();
    const token = JSON.parse(storage.getItem("structura_session") ?? "{}").token as string;
    await fetch(`${server.url}/api/auth/logout`, { method: "POST", headers: { Authorization: `Bearer ${token}` } });
    plant.data.update("inventory", ITEM.id, { quantity: add(-20) });
    await until(() => plant.auth.user === null, "the session ends");
    expect(plant.outbox.pending.length).toBe(1);
    await plant.auth.login(PEOPLE.operator.pin);
    await until(() => plant.outbox.pending.length === 0, "it is sent");
    expect(await quantity()).toBe(80);
  });

  it("says why a tap is refused, takes it back, and goes on with the next", async () => {
    const plant = terminal();
    await plant.auth.login(PEOPLE.operator.pin);
    await plant.data.hydrate();
    const refused: string[] = [];
    plant.outbox.onRefused(({ error }) => refused.push(error.message));
    plant.data.update("inventory", ITEM.id, { name: "otro" });
    plant.data.update("inventory", ITEM.id, { quantity: add(-20) });
    expect(plant.data.snapshot().lists.inventory[0]?.name).toBe("otro");
    await until(() => plant.outbox.pending.length === 0, "both are answered");
    expect(refused).toEqual(["Su rol (OPERATOR) no permite cambiar: name."]);
    expect([plant.data.snapshot().lists.inventory[0]?.name, shown(plant)]).toEqual([ITEM.name, 80]);
  });

  it("refuses a tap of nobody, and one that cannot be written down", async () => {
    const plant = terminal();
    expect(() => plant.data.delete("jobs", "J-1")).toThrow("Inicie sesión primero.");
    await plant.auth.login(PEOPLE.operator.pin);
    storage.setItem = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
    expect(() => plant.data.delete("jobs", "J-1")).toThrow("lleno");
  });
});

describe("plantData", () => {
  it("waits for a login, then has everything", async () => {
    const plant = terminal();
    let isHydrated = false;
    const hydrated = plant.data.hydrate().then(() => {
      isHydrated = true;
    });
    expect([plant.data.snapshot().phase, isHydrated]).toEqual(["waiting", false]);
    await plant.auth.login(PEOPLE.operator.pin);
    await hydrated;
    const { phase, lists } = plant.data.snapshot();
    expect([phase, lists.jobs.length, lists.machines.length, lists.users.length]).toEqual(["ready", 1, 1, 4]);
  });

  it("keeps its lists while the server is gone, and catches up", async () => {
    const plant = terminal();
    await plant.auth.login(PEOPLE.operator.pin);
    await plant.data.hydrate();
    await server.kill();
    await until(() => !plant.data.snapshot().online, "it notices");
    expect([plant.data.snapshot().phase, shown(plant)]).toEqual(["ready", 100]);
    await server.restart();
    await until(() => plant.data.snapshot().online, "it catches up");
  });

  it("shows what other terminals do, and is drawn again only when something has changed", async () => {
    const [one, two] = [terminal(memoryStorage()), terminal(memoryStorage())];
    await one.auth.login(PEOPLE.operator.pin);
    await two.auth.login(PEOPLE.other.pin);
    await Promise.all([one.data.hydrate(), two.data.hydrate()]);
    let drawn = 0;
    two.data.subscribe(() => drawn++);
    const machines = two.data.snapshot().lists.machines;
    one.data.update("inventory", ITEM.id, { quantity: add(-20) });
    await until(() => shown(two) === 80, "the other terminal shows it");
    expect(drawn).toBe(1);
    expect(two.data.snapshot().lists.machines).toBe(machines);
  });

  it("does not let an answer that was on its way while somebody tapped undo the tap", async () => {
    const sessions = new SessionStore(memoryStorage());
    const client = new ApiClient({ baseUrl: server.url, sessions });
    const auth = new ApiAuthService(client, sessions);
    const repositories = apiRepositories(client, sessions);
    const getAll = repositories.inventory.getAll.bind(repositories.inventory);
    const arrivals: (() => void)[] = [];
    let isSlow = false;
    repositories.inventory.getAll = async () => {
      const items = await getAll();
      if (isSlow) await new Promise<void>((arrive) => arrivals.push(arrive));
      return items;
    };
    const outbox = new Outbox({ repositories, sessions, storage: memoryStorage() });
    const data = new PlantData({ repositories, auth, outbox, pollEvery: 10 });
    stops.push(data.start());
    await auth.login(PEOPLE.operator.pin);
    await data.hydrate();
    isSlow = true;
    await until(() => arrivals.length === 1, "a list with the old value is on its way");
    data.update("inventory", ITEM.id, { quantity: add(-20) });
    await until(() => outbox.pending.length === 0, "the tap is done");
    const seen: (number | undefined)[] = [];
    data.subscribe(() => seen.push(data.snapshot().lists.inventory[0]?.quantity));
    isSlow = false;
    arrivals[0]?.();
    data.update("inventory", ITEM.id, { quantity: add(-1) });
    await until(() => data.snapshot().pending === 0 && seen.at(-1) === 79, "the next tap is done");
    expect(seen.filter((quantity) => quantity !== 79)).toEqual([]);
  });

  it("takes everything away when its user logs out", async () => {
    const plant = terminal();
    await plant.auth.login(PEOPLE.operator.pin);
    await plant.data.hydrate();
    await plant.auth.logout();
    expect(plant.data.snapshot()).toMatchObject({ phase: "waiting", lists: { jobs: [], inventory: [], users: [] } });
  });
});
