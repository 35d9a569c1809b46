/** Where the server is, and whether it is used at all; from Vite's environment, read once. */
export interface Config {
  /** Origin of the server without a slash at its end; empty: the one the app was loaded from. */
  readonly apiUrl: string;
  /** False: everything stays in this browser's localStorage, as it was before there was a server. */
  readonly useApi: boolean;
}

type Environment = Readonly<Record<string, unknown>>;

/**
 * The settings `VITE_API_URL` and `VITE_USE_API`. Throws an Error that names the setting if one is unusable: a wrong
 * build should fail on the developer's screen, not on the shop floor.
 */
export function readConfig(env: Environment = import.meta.env): Config {
  return { apiUrl: apiUrl(env["VITE_API_URL"]), useApi: useApi(env["VITE_USE_API"]) };
}

function apiUrl(value: unknown): string {
  const url = String(value ?? "").trim();
  if (url !== "" && !/^https?:\/\/[^/]/.test(url)) throw new Error(`VITE_API_URL must be an http(s) URL, not '${url}'`);
  return url.replace(/\/+$/, "").replace(/\/api$/, "");
}

function useApi(value: unknown): boolean {
  const text = String(value ?? "true").trim();
  if (text !== "true" && text !== "false") throw new Error(`VITE_USE_API must be true or false, not '${text}'`);
  return text === "true";
}
