/** The parts that need no server. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { ApiClient } from "../src/apiClient";
import { ApiError } from "../src/apiError";
import { delay } from "../src/backoff";
import { applied } from "../src/change";
import { readConfig } from "../src/config";
import { SessionStore } from "../src/session";
import { memoryStorage, newId } from "../src/storage";
import { add, addTo, type Machine, removeFrom } from "../src/types";

describe("config", () => {
  it("uses the API at the app's own origin unless told otherwise", () => {
    expect(readConfig({})).toEqual({ apiUrl: "", useApi: true });
    expect(readConfig({ VITE_API_URL: "", VITE_USE_API: "true" })).toEqual({ apiUrl: "", useApi: true });
    expect(readConfig({ VITE_USE_API: "false" }).useApi).toBe(false);
  });

  it.each(["http://pc:8000", "http://pc:8000/", "http://pc:8000/api", "http://pc:8000/api/"])("takes %s", (url) => {
    expect(readConfig({ VITE_API_URL: url }).apiUrl).toBe("http://pc:8000");
  });

  it("names the setting that is unusable", () => {
    expect(() => readConfig({ VITE_API_URL: "pc:8000" })).toThrow("VITE_API_URL");
    expect(() => readConfig({ VITE_API_URL: "http://" })).toThrow("VITE_API_URL");
    expect(() => readConfig({ VITE_USE_API: "no" })).toThrow("VITE_USE_API");
  });
});

describe("backoff", () => {
  const backoff = { tries: 9, first: 100, most: 5_000 };

  it("doubles up to a bound, with jitter below it", () => {
    expect([1, 2, 3].map((failures) => delay(backoff, failures, null, 1))).toEqual([100, 200, 400]);
    expect(delay(backoff, 1, null, 0)).toBe(50);
    expect(delay(backoff, 60, null, 1)).toBe(5_000);
  });

  it("waits as long as the server asks, within the bound", () => {
    expect(delay(backoff, 1, 2, 0)).toBe(2_000);
    expect(delay(backoff, 1, 3_600, 0)).toBe(5_000);
  });
});

describe("change", () => {
  const machine = { id: "M", name: "Conf", operatorIds: ["U-1", "U-2"], totalMetersProduced: 5 } as Machine;

  it("sets values, clears with null, and adds differences as the server does", () => {
    expect(applied(machine, { name: "Otra", currentJobId: null })).toMatchObject({ name: "Otra", currentJobId: null });
    expect("brand" in applied({ ...machine, brand: "X" }, { brand: null })).toBe(false);
    expect(applied(machine, { totalMetersProduced: add(2.5) }).totalMetersProduced).toBe(7.5);
    expect(applied({ id: "I" }, { quantity: add(-1) })).toEqual({ id: "I", quantity: -1 });
    expect(applied(machine, { operatorIds: addTo("U-2", "U-3") }).operatorIds).toEqual(["U-1", "U-2", "U-3"]);
    expect(applied(machine, { operatorIds: removeFrom("U-1") }).operatorIds).toEqual(["U-2"]);
  });

  it("leaves what it was given as it was", () => {
    applied(machine, { operatorIds: addTo("U-9"), name: "Otra" });
    expect(machine).toEqual({ id: "M", name: "Conf", operatorIds: ["U-1", "U-2"], totalMetersProduced: 5 });
  });
});

describe("sessions and ids", () => {
  it.each(["", "{", "null", "[]", '{"token": "x"}', '"text"'])("takes damaged storage for 'nobody': %s", (text) => {
    const storage = memoryStorage();
    storage.setItem("structura_session", text);
    expect(new SessionStore(storage).current).toBeNull();
  });

  it("makes ids that the server takes, and no two alike", () => {
    const ids = Array.from({ length: 1_000 }, newId);
    expect(new Set(ids).size).toBe(1_000);
    expect(ids.every((id) => /^[A-Za-z0-9._:-]{1,128}$/.test(id))).toBe(true);
  });
});

/** What somebody who is not our server answers: a captive portal, a proxy. */
async function answered(status: number, body: string, headers: Record<string, string> = {}): Promise<unknown> {
  const stranger = createServer((_, response) => response.writeHead(status, headers).end(body));
  await new Promise<void>((listening) => stranger.listen(0, "127.0.0.1", listening));
  const baseUrl = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
  const client = new ApiClient({
    baseUrl,
    sessions: new SessionStore(memoryStorage()),
    backoff: { tries: 1, first: 0, most: 0 },
  });
  return client
    .request("GET", "/api/jobs")
    .then(({ data }) => data)
    .catch((error: unknown) => error)
    .finally(() => stranger.close());
}

describe("answers of strangers", () => {
  it.each([
    [200, "<html>Wi-Fi</html>"],
    [200, ""],
    [502, "Bad gateway"],
    [500, '{"detail": 7}'],
    [404, "[]"],
    [400, '{"type": "/problems/x", "detail": "x", "errors": 1}'],
  ])("%d %s is an error with a sentence", async (status, body) => {
    const error = await answered(status, body);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status,
      code: "unexpected",
      message: `Respuesta inesperada del servidor (${status}).`,
    });
  });

  it("reads Retry-After in seconds, and does not mind one that is a date", async () => {
    expect(await answered(503, "", { "Retry-After": "7" })).toMatchObject({ retryAfter: 7, isTemporary: true });
    const date = "Wed, 21 Oct 2026 07:28:00 GMT";
    expect(await answered(503, "", { "Retry-After": date })).toMatchObject({ retryAfter: null });
  });

  it("null is an answer", async () => {
    expect(await answered(200, "null")).toBeNull();
  });
});
