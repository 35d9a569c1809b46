import { ApiError } from "./apiError";
import { type Backoff, delay, wait } from "./backoff";
import type { Repositories, Repository } from "./repository";
import type { SessionStore } from "./session";
import { Signal } from "./signal";
import { type KeyValueStorage, newId, readJson } from "./storage";
import type { CollectionName, Kind } from "./types";

/** One thing that a person did. */
export type Write =
  | {
      readonly verb: "create" | "update";
      readonly collection: CollectionName;
      readonly id: string;
      readonly body: object;
    }
  | { readonly verb: "delete"; readonly collection: CollectionName; readonly id: string };

/** A write that waits for the server's answer. `key` makes the server do it once, however often it is sent. */
export type Entry = Write & { readonly key: string; readonly userId: string };

/** What the server made of a write; null: it was deleted. */
export interface Sent {
  readonly entry: Entry;
  readonly item: Kind["item"] | null;
}

/** A write that the server will not do. `error.message` is the sentence to show. */
export interface Refused {
  readonly entry: Entry;
  readonly error: ApiError;
}

export interface OutboxOptions {
  /** Where the writes go; these must not try again by themselves. */
  readonly repositories: Repositories;
  readonly sessions: SessionStore;
  readonly storage: KeyValueStorage;
  /** Under which key the writes are kept. */
  readonly name?: string;
  readonly backoff?: Omit<Backoff, "tries">;
}

/**
 * Sees to it that no tap is lost: what a person does is first written down here, then sent, in order, until the server
 * has answered. It outlives a server that is down, a reload and an empty battery.
 *
 * A write goes out under the login of whoever made it: after a change of user, the former user's writes wait until they
 * log in again at this terminal. Tabs share one outbox; two that send the same entry do no harm, for it has a key. (The
 * server remembers keys for 24 hours; an outage that is longer and began in the instant between doing and answering
 * could count one difference twice.)
 */
export class Outbox {
  readonly #repositories: Repositories;
  readonly #sessions: SessionStore;
  readonly #storage: KeyValueStorage;
  readonly #key: string;
  readonly #backoff: Backoff;
  readonly #changed = new Signal();
  readonly #sent = new Signal<Sent>();
  readonly #refused = new Signal<Refused>();
  #running = false;
  #waiting: AbortController | null = null;
  #inFlight: Entry | null = null;

  /** Hear of every entry that comes or goes. */
  readonly subscribe = this.#changed.subscribe;
  readonly onSent = this.#sent.subscribe;
  readonly onRefused = this.#refused.subscribe;

  constructor({ repositories, sessions, storage, name = "structura_outbox", backoff }: OutboxOptions) {
    this.#repositories = repositories;
    this.#sessions = sessions;
    this.#storage = storage;
    this.#key = name;
    this.#backoff = { first: 250, most: 10_000, ...backoff, tries: Number.POSITIVE_INFINITY };
    sessions.subscribe(() => this.flush());
  }

  /** What waits, oldest first, of all users of this terminal. */
  get pending(): readonly Entry[] {
    const value = readJson(this.#storage, this.#key);
    return Array.isArray(value) ? (value as Entry[]) : [];
  }

  /** What waits of whoever is logged in. */
  get mine(): readonly Entry[] {
    const user = this.#sessions.current?.user.id;
    return this.pending.filter((entry) => entry.userId === user);
  }

  /** What the server may or may not have done by now; null: nothing is on its way. */
  get inFlight(): Entry | null {
    return this.#inFlight;
  }

  /** Write something down and send it. Throws an ApiError if nobody is logged in, or this browser's storage is full. */
  add(write: Write): void {
    const session = this.#sessions.current;
    if (!session) throw new ApiError("Inicie sesión primero.", { status: 401, code: "no-token" });
    this.#keep([...this.pending, { ...write, key: newId(), userId: session.user.id }]);
    this.flush();
  }

  /** Send what waits, now: the network is back, or somebody has logged in. */
  flush(): void {
    this.#waiting?.abort();
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      let failures = 0;
      for (let entry = this.mine[0]; entry; entry = this.mine[0]) {
        this.#inFlight = entry;
        const outcome = await this.#send(entry);
        this.#inFlight = null;
        if (outcome instanceof ApiError) {
          if (outcome.status === 401) continue; // the session has ended: there is no entry of mine until the next login
          if (outcome.isTemporary) {
            await this.#pause(delay(this.#backoff, ++failures, outcome.retryAfter));
            continue;
          }
        }
        failures = 0;
        this.#drop(entry, outcome);
      }
    } finally {
      this.#running = false;
      this.#inFlight = null;
    }
  }

  async #send(entry: Entry): Promise<Kind["item"] | null | ApiError> {
    const repository: Repository<Kind> = this.#repositories[entry.collection] as unknown as Repository<Kind>;
    try {
      if (entry.verb === "create") return await repository.create(entry.body, entry);
      if (entry.verb === "update") return await repository.update(entry.id, entry.body, { key: entry.key });
      await repository.delete(entry.id);
      return null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return entry.verb === "delete" && error.status === 404 ? null : error; // gone is what was wanted
    }
  }

  /** The server has answered: take the entry out and tell of it, in an order that never shows the old value between. */
  #drop(entry: Entry, outcome: Kind["item"] | null | ApiError): void {
    const rest = this.pending.filter((other) => other.key !== entry.key);
    if (outcome instanceof ApiError) {
      this.#keep(rest);
      this.#refused.emit({ entry, error: outcome });
    } else {
      this.#sent.emit({ entry, item: outcome });
      this.#keep(rest);
    }
  }

  async #pause(ms: number): Promise<void> {
    this.#waiting = new AbortController();
    await wait(ms, this.#waiting.signal);
    this.#waiting = null;
  }

  #keep(entries: readonly Entry[]): void {
    try {
      this.#storage.setItem(this.#key, JSON.stringify(entries));
    } catch (cause) {
      const message = "El almacenamiento de este navegador está lleno; la acción no se guardó.";
      throw new ApiError(message, { status: 507, code: "disk-full" }, { cause });
    }
    this.#changed.emit();
  }
}
