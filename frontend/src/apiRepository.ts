import type { Answer, ApiClient } from "./apiClient";
import { ApiError } from "./apiError";
import type { DeleteOptions, Page, Query, Repositories, Repository, WriteOptions } from "./repository";
import type { SessionStore } from "./session";
import { newId } from "./storage";
import { type CollectionName, type Collections, type Kind, PATHS } from "./types";

/** A collection at the server. */
export class ApiRepository<K extends Kind> implements Repository<K> {
  protected readonly client: ApiClient;
  readonly #path: string;
  readonly #etags = new WeakMap<object, string>();
  #last: { path: string; etag: string | null; items: readonly K["item"][] } | null = null;

  constructor(client: ApiClient, path: string) {
    this.client = client;
    this.#path = `/api/${path}`;
  }

  async getAll(): Promise<readonly K["item"][]> {
    return this.list(this.#path);
  }

  async getById(id: string): Promise<K["item"] | null> {
    try {
      return this.#tagged(await this.client.request<K["item"]>("GET", this.#address(id)));
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  }

  async create(draft: K["draft"], { key = newId() }: Pick<WriteOptions<never>, "key"> = {}): Promise<K["item"]> {
    return this.#tagged(await this.client.request<K["item"]>("POST", this.#path, { body: draft, key }));
  }

  async update(id: string, change: K["change"], options: WriteOptions<K["item"]> = {}): Promise<K["item"]> {
    const { key = newId() } = options;
    const request = { body: change, key, ...this.#condition(options.ifUnchanged) };
    return this.#tagged(await this.client.request<K["item"]>("PATCH", this.#address(id), request));
  }

  async delete(id: string, { ifUnchanged, force }: DeleteOptions<K["item"]> = {}): Promise<void> {
    const parameters = { force: force || undefined };
    await this.client.request("DELETE", this.#address(id), { parameters, ...this.#condition(ifUnchanged) });
  }

  async query({ where = {}, ...others }: Query<K["item"]>): Promise<Page<K["item"]>> {
    const parameters = { ...where, ...others };
    const answer = await this.client.request<K["item"][]>("GET", this.#path, { parameters });
    const next = answer.next === null ? null : new URL(answer.next, "http://any").searchParams.get("cursor");
    return { items: answer.data, total: answer.total, next };
  }

  /** A list; the very array of the last time if its ETag is the same, so that views need not be drawn again. */
  protected async list(path: string): Promise<readonly K["item"][]> {
    const { data, etag } = await this.client.request<K["item"][]>("GET", path);
    if (this.#last === null || etag === null || this.#last.etag !== etag || this.#last.path !== path) {
      this.#last = { path, etag, items: data };
    }
    return this.#last.items;
  }

  #address(id: string): string {
    return `${this.#path}/${encodeURIComponent(id)}`;
  }

  #tagged({ data, etag }: Answer<K["item"]>): K["item"] {
    if (etag !== null) this.#etags.set(data, etag);
    return data;
  }

  #condition(item: K["item"] | undefined): { ifMatch: string } | Record<never, never> {
    if (item === undefined) return {};
    const ifMatch = this.#etags.get(item);
    if (ifMatch === undefined) throw new Error("ifUnchanged takes an object that getById, create or update answered");
    return { ifMatch };
  }
}

/** Users: only an ADMIN reads them whole; the others get everybody's id, name, role and avatar. */
class UsersRepository extends ApiRepository<Collections["users"]> {
  readonly #sessions: SessionStore;

  constructor(client: ApiClient, sessions: SessionStore) {
    super(client, PATHS.users);
    this.#sessions = sessions;
  }

  override getAll(): Promise<readonly Collections["users"]["item"][]> {
    return this.list(this.#sessions.current?.user.role === "ADMIN" ? "/api/users" : "/api/users/directory");
  }
}

/** All ten, at the server. */
export function apiRepositories(client: ApiClient, sessions: SessionStore): Repositories {
  const at = <Name extends CollectionName>(name: Name) => new ApiRepository<Collections[Name]>(client, PATHS[name]);
  return {
    machines: at("machines"),
    jobs: at("jobs"),
    projects: at("projects"),
    users: new UsersRepository(client, sessions),
    clients: at("clients"),
    inventory: at("inventory"),
    alerts: at("alerts"),
    messages: at("messages"),
    events: at("events"),
    projectAccessories: at("projectAccessories"),
  };
}
