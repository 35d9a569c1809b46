/** The way back: the same interfaces on this browser's localStorage, with what the server exports. */

import { beforeEach, describe, expect, it } from "vitest";
import { connect, type Plant } from "../src/connect";
import { LOCAL_KEY, LocalData } from "../src/localData";
import { type KeyValueStorage, memoryStorage } from "../src/storage";
import { add } from "../src/types";

const ALERT = { type: "LOW_STOCK", severity: "LOW" } as const;
const DATA = {
  users: [
    { id: "U-1", name: "Ana", role: "ADMIN", pin: "1111" },
    { id: "U-2", name: "Eva", role: "OPERATOR", pin: "2222" },
    { id: "U-3", name: "Iván", role: "OPERATOR", pin: "2222" },
  ],
  inventory: [
    { id: "I-1", name: "Tornillos", sku: "T", unit: "kg", quantity: 10 },
    { id: "I-2", name: "Bobina", sku: "B", unit: "kg", quantity: 20 },
    { id: "I-3", name: "Chapa", sku: "C", unit: "m", quantity: 30 },
  ],
  alerts: [
    { ...ALERT, id: "A-1", message: "vieja", timestamp: "2026-01-01T00:00:00Z" },
    { ...ALERT, id: "A-2", message: "nueva", timestamp: "2026-02-01T00:00:00Z", dismissed: false },
    { ...ALERT, id: "A-3", message: "vista", timestamp: "2026-03-01T00:00:00Z", dismissed: true },
  ],
  theme: "dark",
};

let storage: KeyValueStorage;
let plant: Plant;

const kept = (): Record<string, unknown> => JSON.parse(storage.getItem(LOCAL_KEY) ?? "null");

beforeEach(() => {
  storage = memoryStorage();
  storage.setItem(LOCAL_KEY, JSON.stringify(DATA));
  plant = connect({ config: { apiUrl: "", useApi: false }, storage, pollEvery: 10 });
});

describe("localRepository", () => {
  it("creates, gets, changes, lists and deletes, and leaves what is not its own", async () => {
    const { clients } = plant.repositories;
    const made = await clients.create({ name: "Sur" });
    expect(await clients.getById(made.id)).toEqual(made);
    expect(await clients.update(made.id, { address: "Calle 1" })).toMatchObject({ name: "Sur", address: "Calle 1" });
    expect("address" in (await clients.update(made.id, { address: null }))).toBe(false);
    expect((await clients.getAll()).map(({ name }) => name)).toEqual(["Sur"]);
    await clients.delete(made.id);
    expect([await clients.getAll(), await clients.getById(made.id)]).toEqual([[], null]);
    expect({ ...kept(), clients: undefined }).toEqual({ ...DATA, clients: undefined });
  });

  it("counts differences, and gives the same list again while nothing has changed", async () => {
    const { inventory } = plant.repositories;
    const before = await inventory.getAll();
    expect(await inventory.getAll()).toBe(before);
    expect((await inventory.update("I-1", { quantity: add(-4) })).quantity).toBe(6);
    expect(await inventory.getAll()).not.toBe(before);
  });

  it("fails as the server does", async () => {
    const { inventory } = plant.repositories;
    const draft = { id: "I-1", name: "x", sku: "x", unit: "kg" } as const;
    await expect(inventory.create(draft)).rejects.toMatchObject({ status: 409, code: "id-exists" });
    await expect(inventory.update("I-9", {})).rejects.toMatchObject({ status: 404, code: "not-found" });
    await expect(inventory.delete("I-9")).rejects.toMatchObject({ status: 404 });
    const seen = await inventory.getById("I-1");
    if (!seen) throw new Error("no item");
    const ifUnchanged = await inventory.update("I-1", { location: "A" }, { ifUnchanged: seen });
    await expect(inventory.update("I-1", {}, { ifUnchanged: seen })).rejects.toMatchObject({ status: 412 });
    await inventory.delete("I-1", { ifUnchanged });
  });

  it("finds by filters, searches, sorts and pages", async () => {
    const { inventory, alerts } = plant.repositories;
    const ids = (page: { items: readonly { id: string }[] }): string[] => page.items.map(({ id }) => id);
    expect(ids(await inventory.query({ where: { unit: "kg" } }))).toEqual(["I-1", "I-2"]);
    expect(ids(await inventory.query({ where: { sku: ["T", "C"] } }))).toEqual(["I-1", "I-3"]);
    expect(ids(await inventory.query({ q: "bobi" }))).toEqual(["I-2"]);
    expect(ids(await inventory.query({ sort: "-quantity" }))).toEqual(["I-3", "I-2", "I-1"]);
    const first = await inventory.query({ limit: 2 });
    expect([ids(first), first.total]).toEqual([["I-1", "I-2"], 3]);
    expect(ids(await inventory.query({ limit: 2, cursor: first.next ?? "" }))).toEqual(["I-3"]);
    expect((await alerts.getAll()).map(({ id }) => id)).toEqual(["A-2", "A-1"]);
    expect(ids(await alerts.query({ where: { dismissed: true } }))).toEqual(["A-3"]);
    expect(ids(await alerts.query({ since: "2026-01-15" }))).toEqual(["A-2"]);
    expect(ids(await alerts.query({ until: "2026-01-15" }))).toEqual(["A-1"]);
  });

  it("refuses what the browser's storage has no room for, and keeps what is there", async () => {
    storage.setItem = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
    await expect(plant.repositories.clients.create({ name: "x" })).rejects.toMatchObject({ code: "disk-full" });
    expect(kept()).toEqual(DATA);
  });

  it.each(["", "{", "[]", '"x"', '{"jobs": 7}'])("takes damaged data for none: %s", async (text) => {
    storage.setItem(LOCAL_KEY, text);
    expect(await plant.repositories.jobs.getAll()).toEqual([]);
  });
});

describe("localAuthService", () => {
  it("logs in against the PINs in this browser, never as one of two", async () => {
    expect((await plant.auth.login("1111")).name).toBe("Ana");
    expect((await plant.auth.me()).id).toBe("U-1");
    await expect(plant.auth.login("2222")).rejects.toMatchObject({ code: "pin-shared" });
    await expect(plant.auth.login("3333")).rejects.toMatchObject({ message: "PIN incorrecto." });
    expect(plant.auth.user?.name).toBe("Ana");
    await plant.auth.logout();
    expect(plant.auth.user).toBeNull();
    await expect(plant.auth.me()).rejects.toMatchObject({ status: 401 });
  });
});

describe("plantData", () => {
  it("hydrates, and writes at once", async () => {
    await plant.auth.login("1111");
    await plant.data.hydrate();
    plant.data.update("inventory", "I-1", { quantity: add(-4) });
    expect(plant.data.snapshot().lists.inventory[0]?.quantity).toBe(6);
    await expect.poll(() => plant.outbox.pending.length).toBe(0);
    expect(kept()["inventory"]).toContainEqual({ ...DATA.inventory[0], quantity: 6 });
    plant.data.start()();
  });
});

describe("restore", () => {
  it("puts an export in place of what is here, and nothing that is none", () => {
    const data = new LocalData(storage);
    for (const text of ["", "{", "[]", "{}", '{"jobs": 1}']) expect(() => data.restore(text)).toThrow();
    expect(kept()).toEqual(DATA);
    data.restore('{"jobs": []}');
    expect(kept()).toEqual({ jobs: [] });
  });
});
