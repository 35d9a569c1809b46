/** The client, the repositories and the login, in Node against a real server. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ApiClient } from "../src/apiClient";
import { ApiError } from "../src/apiError";
import { apiRepositories } from "../src/apiRepository";
import { ApiAuthService } from "../src/authService";
import type { Repositories } from "../src/repository";
import { SessionStore } from "../src/session";
import { memoryStorage } from "../src/storage";
import { add, addTo, removeFrom } from "../src/types";
import { ITEM, JOB, MACHINE, PEOPLE, Server } from "./server";

const OLGA = { ...PEOPLE.operator, pin: "••••" } as const;

let server: Server;
let sessions: SessionStore;
let client: ApiClient;
let auth: ApiAuthService;
let repositories: Repositories;

/** The error that a request must end with. */
async function failure(request: Promise<unknown>): Promise<ApiError> {
  const error = await request.then(
    () => new Error("it succeeded"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiError)) throw error;
  return error;
}

/** A promise and what resolves it. */
function gate(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  sessions = new SessionStore(memoryStorage());
  client = new ApiClient({ baseUrl: server.url, sessions });
  auth = new ApiAuthService(client, sessions);
  repositories = apiRepositories(client, sessions);
});

describe("authService", () => {
  it("logs in with a PIN, knows the user without asking again, and logs out", async () => {
    let changes = 0;
    auth.subscribe(() => changes++);
    expect(auth.user).toBeNull();
    const user = await auth.login(PEOPLE.operator.pin);
    expect(user).toMatchObject({ id: "U-OLGA", name: "Olga", role: "OPERATOR" });
    expect(auth.user).toEqual(user);
    expect(await auth.me()).toEqual(user);
    await auth.logout();
    expect(auth.user).toBeNull();
    expect(changes).toBeGreaterThanOrEqual(2);
  });

  it("kills the token at the server when it logs out, though the terminal has dropped it before", async () => {
    await auth.login(PEOPLE.operator.pin);
    const token = sessions.current?.token ?? "";
    await auth.logout();
    const error = await failure(client.request("GET", "/api/auth/me", { token }));
    expect([error.status, error.code]).toEqual([401, "dead-token"]);
  });

  it("says in Spanish that a PIN is wrong, and ends nobody's session by it", async () => {
    await auth.login(PEOPLE.operator.pin);
    const error = await failure(auth.login("0000"));
    expect([error.status, error.code, error.message]).toEqual([401, "wrong-pin", "PIN incorrecto."]);
    expect(auth.user?.name).toBe("Olga");
  });

  it("drops a token that the server no longer takes, and tells", async () => {
    sessions.set({ token: "dead", user: OLGA });
    let told = 0;
    auth.subscribe(() => told++);
    const error = await failure(repositories.jobs.getAll());
    expect(error.message).toBe("Su sesión ha terminado; vuelva a iniciar sesión.");
    expect([auth.user, told]).toEqual([null, 1]);
  });

  it("does not end the next person's session when an answer to the former one comes late", async () => {
    const held = gate();
    const slow: typeof fetch = async (...request) => {
      const response = await fetch(...request);
      await held.promise;
      return response;
    };
    sessions.set({ token: "dead", user: OLGA });
    const late = failure(new ApiClient({ baseUrl: server.url, sessions, fetch: slow }).request("GET", "/api/jobs"));
    await auth.login(PEOPLE.other.pin);
    held.resolve();
    expect((await late).status).toBe(401);
    expect(auth.user?.name).toBe("Óscar");
  });

  it("logs out with the server gone", async () => {
    const away = new ApiAuthService(new ApiClient({ baseUrl: "http://127.0.0.1:9", sessions }), sessions);
    sessions.set({ token: "any", user: OLGA });
    await away.logout();
    expect(away.user).toBeNull();
  });
});

describe("apiRepository", () => {
  beforeEach(() => auth.login(PEOPLE.admin.pin));

  it("creates, gets, changes, lists and deletes", async () => {
    const made = await repositories.clients.create({ id: "C-1", name: "Sur" });
    expect(made).toMatchObject({ id: "C-1", name: "Sur", email: "" });
    expect(await repositories.clients.update("C-1", { email: "a@b", address: "Calle 1" })).toMatchObject({
      email: "a@b",
    });
    const changed = await repositories.clients.update("C-1", { address: null });
    expect("address" in changed).toBe(false);
    expect(await repositories.clients.getById("C-1")).toEqual(changed);
    expect(await repositories.clients.getAll()).toEqual([changed]);
    await repositories.clients.delete("C-1");
    expect(await repositories.clients.getById("C-1")).toBeNull();
  });

  it("takes ids with characters that mean something in a URL", async () => {
    await repositories.clients.create({ id: "C:1.2_3", name: "Norte" });
    expect((await repositories.clients.getById("C:1.2_3"))?.name).toBe("Norte");
    expect(await repositories.clients.getById("a/b?c#d")).toBeNull();
  });

  it("makes each of the ten collections reachable", async () => {
    for (const repository of Object.values(repositories)) expect(Array.isArray(await repository.getAll())).toBe(true);
    const accessory = { projectId: "P-1", inventoryItemId: ITEM.id, quantityRequired: 2 };
    expect((await repositories.projectAccessories.create(accessory)).isFulfilled).toBe(false);
  });

  it("sends differences of counters and lists", async () => {
    expect((await repositories.inventory.update(ITEM.id, { quantity: add(-20) })).quantity).toBe(80);
    expect((await repositories.inventory.update(ITEM.id, { quantity: add(20) })).quantity).toBe(100);
    await repositories.machines.update(MACHINE.id, { operatorIds: addTo("U-1", "U-2") });
    expect((await repositories.machines.update(MACHINE.id, { operatorIds: removeFrom("U-1") })).operatorIds).toEqual([
      "U-2",
    ]);
  });

  it("refuses to overwrite what somebody else has changed", async () => {
    const seen = await repositories.jobs.getById(JOB.id);
    if (!seen) throw new Error("no job");
    const mine = await repositories.jobs.update(JOB.id, { notes: "uno" }, { ifUnchanged: seen });
    const error = await failure(repositories.jobs.update(JOB.id, { notes: "dos" }, { ifUnchanged: seen }));
    expect([error.status, error.code]).toEqual([412, "changed"]);
    expect((await repositories.jobs.update(JOB.id, { notes: "tres" }, { ifUnchanged: mine })).notes).toBe("tres");
    await expect(repositories.jobs.update(JOB.id, {}, { ifUnchanged: { ...seen } })).rejects.toThrow("ifUnchanged");
  });

  it("finds by filters, searches, sorts and pages", async () => {
    for (const [number, status] of (["PENDING", "HALTED", "PENDING", "COMPLETED"] as const).entries()) {
      await repositories.jobs.create({ ...JOB, id: `Q-${number}`, projectId: "P-Q", status, priorityIndex: number });
    }
    const ids = async (query: Parameters<typeof repositories.jobs.query>[0]): Promise<string[]> =>
      (await repositories.jobs.query(query)).items.map((job) => job.id);
    const where = { projectId: "P-Q" };
    expect(await ids({ where: { ...where, status: "PENDING" } })).toEqual(["Q-0", "Q-2"]);
    expect(await ids({ where: { ...where, status: ["HALTED", "COMPLETED"] } })).toEqual(["Q-1", "Q-3"]);
    expect(await ids({ where, sort: "-priorityIndex", limit: 1 })).toEqual(["Q-3"]);
    const first = await repositories.jobs.query({ where, sort: "priorityIndex", limit: 3 });
    expect([first.total, first.items.length]).toEqual([4, 3]);
    const last = await repositories.jobs.query({ where, sort: "priorityIndex", limit: 3, cursor: first.next ?? "" });
    expect([last.items.map((job) => job.id), last.next]).toEqual([["Q-3"], null]);
    expect((await repositories.machines.query({ q: "conformadora" })).items.length).toBe(1);
  });

  it("gives the same list object again while nothing has changed", async () => {
    const before = await repositories.machines.getAll();
    expect(await repositories.machines.getAll()).toBe(before);
    await repositories.machines.update(MACHINE.id, { brand: "Nueva" });
    expect(await repositories.machines.getAll()).not.toBe(before);
  });

  it("reads whole users as ADMIN, and everybody's name and role as anybody", async () => {
    expect(await repositories.users.getAll()).toContainEqual({
      id: "U-OLGA",
      name: "Olga",
      role: "OPERATOR",
      pin: "••••",
    });
    await auth.login(PEOPLE.operator.pin);
    expect(await repositories.users.getAll()).toContainEqual({ id: "U-OLGA", name: "Olga", role: "OPERATOR" });
  });

  it("deletes what others hang on only by force", async () => {
    await repositories.clients.create({ id: "C-9", name: "Oeste" });
    await repositories.projects.create({ id: "P-9", name: "Nave", clientId: "C-9", deadline: "2031-01-01" });
    const error = await failure(repositories.clients.delete("C-9"));
    expect(error.status).toBe(409);
    expect(error.message).toContain("Nave");
    await repositories.clients.delete("C-9", { force: true });
    expect(await repositories.clients.getById("C-9")).toBeNull();
  });

  it("names wrong fields", async () => {
    const error = await failure(repositories.clients.create({ name: "" }));
    expect(error.status).toBe(422);
    expect(error.fields.map(({ field }) => field)).toEqual(["name"]);
    expect(error.message).toContain("name");
  });

  it("creates once, however often the same key is sent", async () => {
    const event = { machineId: "TALLER", type: "CLEANING", description: "una vez", severity: "INFO" } as const;
    const first = await repositories.events.create(event, { key: "k-1" });
    expect(await repositories.events.create(event, { key: "k-1" })).toEqual(first);
    expect((await repositories.events.query({ q: "una vez" })).items.length).toBe(1);
  });
});
