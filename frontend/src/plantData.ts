import { ApiError } from "./apiError";
import type { AuthService } from "./authService";
import { wait } from "./backoff";
import { applied } from "./change";
import type { Entry, Outbox, Sent } from "./outbox";
import type { Repositories } from "./repository";
import { Signal } from "./signal";
import { newId } from "./storage";
import { COLLECTION_NAMES, type CollectionName, type Collections, type Kind } from "./types";

/** The lists that the app draws. */
export type Lists = { readonly [Name in CollectionName]: readonly Collections[Name]["item"][] };

/** The working set at one moment. A new object whenever anything in it changes, and only then. */
export interface Snapshot {
  /** `waiting`: nobody has logged in; `loading`: not everything is here yet; `ready`: draw it. */
  readonly phase: "waiting" | "loading" | "ready";
  readonly lists: Lists;
  /** Whether the last poll got through; while it is false the lists are those of before. */
  readonly online: boolean;
  /** Writes that wait for the server's answer. They show in the lists already. */
  readonly pending: number;
  /** Why the last poll failed; null: it did not. */
  readonly error: ApiError | null;
}

export interface PlantDataOptions {
  /** What is polled; these need not try again by themselves. */
  readonly repositories: Repositories;
  readonly auth: AuthService;
  readonly outbox: Outbox;
  /** Milliseconds from one poll to the next. */
  readonly pollEvery?: number;
  /** Lists that are read before anybody has logged in; the server's setting `kiosk_collections`. */
  readonly kiosk?: readonly CollectionName[];
}

type Loaded = Partial<Record<CollectionName, readonly Kind["item"][]>>;

const NEWEST_FIRST: ReadonlySet<CollectionName> = new Set(["events", "alerts"]);
const NONE: readonly never[] = [];

/**
 * The working set: the lists as the server has them, with what this terminal has done on top.
 *
 * Before a login only the kiosk lists are read; with the login everything is (`hydrate` waits for both), and then again
 * every few seconds. When the network is gone the last lists stay. A logout takes all but the kiosk lists away.
 *
 * `subscribe` and `snapshot` are made for React's `useSyncExternalStore`.
 */
export class PlantData {
  readonly #repositories: Repositories;
  readonly #auth: AuthService;
  readonly #outbox: Outbox;
  readonly #pollEvery: number;
  readonly #kiosk: readonly CollectionName[];
  readonly #changed = new Signal();
  #loaded: Loaded = {};
  #owner: string | null = null;
  /** Counts what this terminal has written to a list: an answer that was asked for before is older than that. */
  readonly #writes = new Map<CollectionName, number>();
  #error: ApiError | null = null;
  #snapshot: Snapshot;
  #stop: AbortController | null = null;
  #pause: AbortController | null = null;

  readonly subscribe = this.#changed.subscribe;
  readonly snapshot = (): Snapshot => this.#snapshot;

  constructor({ repositories, auth, outbox, pollEvery = 5_000, kiosk = ["machines"] }: PlantDataOptions) {
    this.#repositories = repositories;
    this.#auth = auth;
    this.#outbox = outbox;
    this.#pollEvery = pollEvery;
    this.#kiosk = kiosk;
    this.#snapshot = this.#drawn();
    auth.subscribe(() => this.refresh());
    outbox.subscribe(() => this.#draw());
    outbox.onSent((sent) => this.#merge(sent));
  }

  /** Begin to poll; returns what ends it. Also sends what the outbox has kept from before. */
  start(): () => void {
    if (this.#stop === null) {
      this.#stop = new AbortController();
      void this.#poll(this.#stop.signal);
      this.#outbox.flush();
    }
    return () => {
      this.#stop?.abort();
      this.#pause?.abort();
      this.#stop = null;
    };
  }

  /** Resolves when somebody has logged in and every list is here. Starts polling if nothing has. */
  async hydrate(): Promise<void> {
    this.start();
    if (this.#snapshot.phase === "ready") return;
    await new Promise<void>((resolve) => {
      const end = this.subscribe(() => {
        if (this.#snapshot.phase !== "ready") return;
        end();
        resolve();
      });
    });
  }

  /** Poll now rather than when it is time. */
  refresh(): void {
    this.#own();
    this.#pause?.abort();
  }

  /** Make an object; it is in the list at once. Returns its id. */
  create<Name extends CollectionName>(collection: Name, draft: Collections[Name]["draft"]): string {
    const id = draft.id ?? newId();
    this.#outbox.add({ verb: "create", collection, id, body: { ...draft, id } });
    return id;
  }

  /** Change an object; the list shows it at once. */
  update<Name extends CollectionName>(collection: Name, id: string, change: Collections[Name]["change"]): void {
    this.#outbox.add({ verb: "update", collection, id, body: change });
  }

  /** Delete an object; it is gone from the list at once. */
  delete(collection: CollectionName, id: string): void {
    this.#outbox.add({ verb: "delete", collection, id });
  }

  async #poll(stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      this.#pause = new AbortController();
      const next = this.#pause.signal;
      await this.#load();
      if (!stopped.aborted) await wait(this.#pollEvery, next);
    }
  }

  async #load(): Promise<void> {
    this.#own();
    const owner = this.#owner;
    const names = owner === null ? this.#kiosk : COLLECTION_NAMES;
    const writes = new Map(this.#writes);
    const results = await Promise.allSettled(names.map((name) => this.#repositories[name].getAll()));
    this.#own();
    if (owner !== this.#owner) return; // somebody else's by now
    this.#error = null;
    names.forEach((name, index) => {
      const result = results[index];
      if (result?.status === "fulfilled") {
        if (this.#isCurrent(name, writes)) this.#loaded[name] = result.value;
      } else if (result && !isClosedKiosk(owner, result.reason)) {
        this.#error ??= asApiError(result.reason);
      }
    });
    this.#draw();
  }

  /** Whether an answer surely has, or surely lacks, what this terminal writes to the list; if not, the next one will. */
  #isCurrent(name: CollectionName, writesBefore: ReadonlyMap<CollectionName, number>): boolean {
    return writesBefore.get(name) === this.#writes.get(name) && this.#outbox.inFlight?.collection !== name;
  }

  /** With another user, or none, only the kiosk lists stay. */
  #own(): void {
    const user = this.#auth.user?.id ?? null;
    if (user === this.#owner) return;
    this.#owner = user;
    this.#loaded = Object.fromEntries(
      this.#kiosk.flatMap((name) => (this.#loaded[name] ? [[name, this.#loaded[name]]] : [])),
    );
    this.#draw();
  }

  /** Put the server's answer to a write into its list, so that nothing flickers until the next poll. */
  #merge({ entry: { collection, id }, item }: Sent): void {
    this.#writes.set(collection, (this.#writes.get(collection) ?? 0) + 1);
    const items = this.#loaded[collection];
    if (items) this.#loaded[collection] = item ? placed(collection, items, item) : items.filter((one) => one.id !== id);
  }

  #draw(): void {
    const [before, after] = [this.#snapshot, this.#drawn()];
    const isSame =
      before.phase === after.phase &&
      before.online === after.online &&
      before.pending === after.pending &&
      before.error?.message === after.error?.message &&
      COLLECTION_NAMES.every((name) => before.lists[name] === after.lists[name]);
    if (isSame) return;
    this.#snapshot = after;
    this.#changed.emit();
  }

  #drawn(): Snapshot {
    const pending = this.#outbox.mine;
    const lists = Object.fromEntries(
      COLLECTION_NAMES.map((name) => {
        const mine = pending.filter((entry) => entry.collection === name);
        return [name, mine.reduce((items, entry) => withEntry(items, entry), this.#loaded[name] ?? NONE)];
      }),
    ) as unknown as Lists;
    const isWhole = COLLECTION_NAMES.every((name) => this.#loaded[name]);
    return {
      phase: this.#owner === null ? "waiting" : isWhole ? "ready" : "loading",
      lists,
      online: this.#error?.code !== "offline",
      pending: pending.length,
      error: this.#error,
    };
  }
}

/** A list as it will be when an entry is done. */
function withEntry(items: readonly Kind["item"][], entry: Entry): readonly Kind["item"][] {
  const { collection, id } = entry;
  if (entry.verb === "delete") return items.filter((item) => item.id !== id);
  if (entry.verb === "create") return placed(collection, items, applied({ id }, entry.body));
  return items.map((item) => (item.id === id ? applied(item, entry.body) : item));
}

/** A list with an item in it: in its place if it is there, else where new ones come. */
function placed(name: CollectionName, items: readonly Kind["item"][], item: Kind["item"]): readonly Kind["item"][] {
  if (items.some((one) => one.id === item.id)) return items.map((one) => (one.id === item.id ? item : one));
  return NEWEST_FIRST.has(name) ? [item, ...items] : [...items, item];
}

/** Not every plant opens a list to terminals where nobody has logged in; that is no failure. */
function isClosedKiosk(owner: string | null, error: unknown): boolean {
  return owner === null && error instanceof ApiError && error.status === 401;
}

/** Whatever it was, polling goes on and the reason can be seen. */
function asApiError(cause: unknown): ApiError {
  if (cause instanceof ApiError) return cause;
  return new ApiError(String(cause), { status: 0, code: "unexpected" }, { cause });
}
