import { ApiError, type ErrorCode } from "./apiError";
import { applied } from "./change";
import type { LocalData } from "./localData";
import type { DeleteOptions, Page, Query, Repositories, Repository, WriteOptions } from "./repository";
import { newId } from "./storage";
import type { CollectionName, Collections, Kind } from "./types";

/** A collection in this browser's localStorage: the way back, for `VITE_USE_API=false`. */
class LocalRepository<Name extends CollectionName> implements Repository<Collections[Name]> {
  readonly #data: LocalData;
  readonly #name: Name;
  #last: { version: string; items: readonly Collections[Name]["item"][] } | null = null;

  constructor(data: LocalData, name: Name) {
    this.#data = data;
    this.#name = name;
  }

  async getAll(): Promise<readonly Collections[Name]["item"][]> {
    const { version } = this.#data;
    if (this.#last?.version !== version) this.#last = { version, items: this.#shown({}) };
    return this.#last.items;
  }

  async getById(id: string): Promise<Collections[Name]["item"] | null> {
    return this.#items().find((item) => item.id === id) ?? null;
  }

  async create(draft: Collections[Name]["draft"]): Promise<Collections[Name]["item"]> {
    const items = this.#items();
    const id = draft.id ?? newId();
    if (items.some((item) => item.id === id)) throw refusal(409, "id-exists", `${id} ya existe.`);
    const made = applied({ id } as Collections[Name]["item"], { ...stamp(this.#name), ...draft, id });
    this.#keep([...items, made]);
    return made;
  }

  async update(
    id: string,
    change: Collections[Name]["change"],
    { ifUnchanged }: WriteOptions<Collections[Name]["item"]> = {},
  ): Promise<Collections[Name]["item"]> {
    const changed = applied(this.#current(id, ifUnchanged), change);
    this.#keep(this.#items().map((item) => (item.id === id ? changed : item)));
    return changed;
  }

  async delete(id: string, { ifUnchanged }: DeleteOptions<Collections[Name]["item"]> = {}): Promise<void> {
    this.#current(id, ifUnchanged);
    this.#keep(this.#items().filter((item) => item.id !== id));
  }

  async query(query: Query<Collections[Name]["item"]>): Promise<Page<Collections[Name]["item"]>> {
    const found = this.#shown(query);
    const start = query.cursor === undefined ? (query.offset ?? 0) : Number(query.cursor);
    const end = query.limit === undefined ? found.length : start + query.limit;
    return {
      items: found.slice(start, end),
      total: query.limit === undefined ? null : found.length,
      next: end < found.length ? String(end) : null,
    };
  }

  #items(): Collections[Name]["item"][] {
    return this.#data.list(this.#name);
  }

  #keep(items: Collections[Name]["item"][]): void {
    this.#data.replace(this.#name, items as never);
  }

  #current(id: string, ifUnchanged: Collections[Name]["item"] | undefined): Collections[Name]["item"] {
    const item = this.#items().find((one) => one.id === id);
    if (!item) throw refusal(404, "not-found", `${id} no existe (o ya no existe).`);
    if (ifUnchanged !== undefined && JSON.stringify(item) !== JSON.stringify(ifUnchanged)) {
      throw refusal(412, "changed", `${id} fue modificado por otra persona; cárguelo de nuevo.`);
    }
    return item;
  }

  /** What a list shows, as the server would. */
  #shown({ where = {}, q, since, until, sort }: Query<Collections[Name]["item"]>): Collections[Name]["item"][] {
    const conditions: [string, unknown][] = Object.entries(where).filter(([, wanted]) => wanted !== undefined);
    if (this.#name === "alerts" && !("dismissed" in where)) conditions.push(["dismissed", [false, undefined]]);
    const found = (this.#items() as Fields[]).filter(
      (item) =>
        conditions.every(([field, wanted]) => isAny(item[field], wanted)) &&
        (q === undefined || Object.values(item).some((value) => contains(value, q))) &&
        (since === undefined || timeOf(item) >= Date.parse(since)) &&
        (until === undefined || timeOf(item) <= Date.parse(until)),
    );
    const order = sort ?? (this.#name === "events" || this.#name === "alerts" ? "-timestamp" : undefined);
    if (order !== undefined) found.sort(by(order.replace(/^-/, ""), order.startsWith("-") ? -1 : 1));
    return found as Collections[Name]["item"][];
  }
}

type Fields = Kind["item"] & Readonly<Record<string, unknown>>;

function isAny(value: unknown, wanted: unknown): boolean {
  const values = Array.isArray(value) ? value : [value];
  return [wanted].flat().some((one) => values.includes(one));
}

function contains(value: unknown, text: string): boolean {
  return typeof value === "string" && value.toLowerCase().includes(text.toLowerCase());
}

function timeOf(item: Fields): number {
  return Date.parse(String(item["timestamp"]));
}

function by(field: string, direction: 1 | -1): (a: Fields, b: Fields) => number {
  return (a, b) => {
    const [left, right] = [a[field] as string | number, b[field] as string | number];
    if (left === right) return 0;
    return left < right ? -direction : direction;
  };
}

/** What the server fills in on a new object of these collections. */
function stamp(name: CollectionName): object {
  return name === "alerts" || name === "messages" || name === "events" ? { timestamp: new Date().toISOString() } : {};
}

function refusal(status: number, code: ErrorCode, message: string): ApiError {
  return new ApiError(message, { status, code });
}

/** All ten, in this browser. */
export function localRepositories(data: LocalData): Repositories {
  return {
    machines: new LocalRepository(data, "machines"),
    jobs: new LocalRepository(data, "jobs"),
    projects: new LocalRepository(data, "projects"),
    users: new LocalRepository(data, "users"),
    clients: new LocalRepository(data, "clients"),
    inventory: new LocalRepository(data, "inventory"),
    alerts: new LocalRepository(data, "alerts"),
    messages: new LocalRepository(data, "messages"),
    events: new LocalRepository(data, "events"),
    projectAccessories: new LocalRepository(data, "projectAccessories"),
  };
}
