import { ApiError } from "./apiError";
import { type Backoff, delay, ONCE, PATIENT, wait } from "./backoff";
import type { SessionStore } from "./session";

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** Parameters of a request; a list is sent as one parameter repeated, what is undefined is left out. */
export type Parameters = Readonly<Record<string, Scalar | readonly Scalar[] | undefined>>;
type Scalar = string | number | boolean;

export interface RequestOptions {
  readonly parameters?: Parameters;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Only if the object still has this ETag (If-Match); else ApiError with status 412. */
  readonly ifMatch?: string;
  /** Idempotency-Key: the server does what carries the same key once. Makes a POST or PATCH safe to send again. */
  readonly key?: string;
  /** Instead of the session's token; null: none. A 401 then says nothing about the session. */
  readonly token?: string | null;
  readonly backoff?: Backoff;
}

/** A good answer. Every one has a JSON body. */
export interface Answer<T> {
  readonly data: T;
  readonly etag: string | null;
  /** X-Total-Count: how many there are in all, where a page was asked for. */
  readonly total: number | null;
  /** Link rel="next": address of the next page; null: this is the last. */
  readonly next: string | null;
}

export interface ApiClientOptions {
  readonly baseUrl: string;
  readonly sessions: SessionStore;
  readonly language?: string;
  /** Milliseconds for one try; a connection that hangs counts as none. */
  readonly timeout?: number;
  readonly backoff?: Backoff;
  readonly fetch?: typeof fetch;
}

/**
 * The plant's API over `fetch`.
 *
 * - Failures are ApiErrors, their `message` ready to show.
 * - What can safely be sent again is, with growing waits, when there is no answer or the server is busy: GET, DELETE,
 *   and everything with a `key`.
 * - A 401 to the session's own token ends the session; SessionStore tells whoever listens.
 * - Lists are revalidated by the browser's own cache (`ETag`, `Cache-Control: no-cache`): an unchanged list is a 304 on
 *   the wire and a plain answer here.
 */
export class ApiClient {
  readonly #baseUrl: string;
  readonly #sessions: SessionStore;
  readonly #language: string;
  readonly #timeout: number;
  readonly #backoff: Backoff;
  readonly #fetch: typeof fetch;

  constructor(options: ApiClientOptions) {
    this.#baseUrl = options.baseUrl;
    this.#sessions = options.sessions;
    this.#language = options.language ?? "es";
    this.#timeout = options.timeout ?? 15_000;
    this.#backoff = options.backoff ?? PATIENT;
    this.#fetch = options.fetch ?? ((...request) => fetch(...request));
  }

  /** One request, tried as often as is safe. `T` is what the OpenAPI document says of the answer. */
  async request<T>(method: Method, path: string, options: RequestOptions = {}): Promise<Answer<T>> {
    const isSafe = method === "GET" || method === "DELETE" || options.key !== undefined;
    const backoff = isSafe ? (options.backoff ?? this.#backoff) : ONCE;
    for (let failures = 0; ; ) {
      try {
        return await this.#once<T>(method, path, options);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (method === "DELETE" && error.status === 404 && failures > 0) return GONE as Answer<T>;
        failures += 1;
        if (!error.isTemporary || failures >= backoff.tries) throw error;
        await wait(delay(backoff, failures, error.retryAfter));
      }
    }
  }

  async #once<T>(method: Method, path: string, options: RequestOptions): Promise<Answer<T>> {
    const token = options.token === undefined ? this.#sessions.current?.token : options.token;
    const { response, body } = await this.#exchange(this.#url(path, options.parameters), {
      method,
      headers: this.#headers(options, token ?? null),
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    if (!response.ok || body === undefined) {
      if (response.status === 401 && options.token === undefined && token) this.#sessions.clear(token);
      throw ApiError.of(response.status, body, response.headers.get("Retry-After"));
    }
    return {
      data: body as T,
      etag: response.headers.get("ETag"),
      total: numberOf(response.headers.get("X-Total-Count")),
      next: nextOf(response.headers.get("Link")),
    };
  }

  /** Send and receive whole, within the timeout. `body` is undefined if it is not JSON. */
  async #exchange(url: string, request: RequestInit): Promise<{ response: Response; body: unknown }> {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), this.#timeout);
    let response: Response;
    let text: string;
    try {
      response = await this.#fetch(url, { ...request, signal: timeout.signal });
      text = await response.text();
    } catch (cause) {
      throw ApiError.offline(cause);
    } finally {
      clearTimeout(timer);
    }
    return { response, body: parsed(text) };
  }

  #url(path: string, parameters: Parameters = {}): string {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(parameters)) {
      for (const one of [value ?? []].flat()) query.append(name, String(one));
    }
    return `${this.#baseUrl}${path}${query.size > 0 ? `?${query}` : ""}`;
  }

  #headers(options: RequestOptions, token: string | null): Record<string, string> {
    return {
      Accept: "application/json",
      "Accept-Language": this.#language,
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
      ...(options.body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(options.ifMatch === undefined ? {} : { "If-Match": options.ifMatch }),
      ...(options.key === undefined ? {} : { "Idempotency-Key": options.key }),
    };
  }
}

/** To a DELETE that got no answer and, sent again, finds nothing: the first one had arrived. */
const GONE: Answer<unknown> = { data: { ok: true }, etag: null, total: null, next: null };

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function numberOf(header: string | null): number | null {
  return header === null ? null : Number(header);
}

function nextOf(header: string | null): string | null {
  return /<([^>]*)>;\s*rel="next"/.exec(header ?? "")?.[1] ?? null;
}
