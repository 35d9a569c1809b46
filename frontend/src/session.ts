import { Signal } from "./signal";
import { type KeyValueStorage, readJson } from "./storage";
import type { Session } from "./types";

/** The one session of this terminal; survives reloading the page. */
export class SessionStore {
  readonly #storage: KeyValueStorage;
  readonly #key: string;
  readonly #changed = new Signal();

  constructor(storage: KeyValueStorage, key = "structura_session") {
    this.#storage = storage;
    this.#key = key;
  }

  /** Null: nobody is logged in. */
  get current(): Session | null {
    const value = readJson(this.#storage, this.#key) as Partial<Session> | null;
    return value?.token && value.user?.id ? { token: value.token, user: value.user } : null;
  }

  set(session: Session): void {
    this.#storage.setItem(this.#key, JSON.stringify(session));
    this.#changed.emit();
  }

  /** End the session. With a `token`, only if it is still that one: a late 401 must not end the next person's. */
  clear(token?: string): void {
    const current = this.current;
    if (!current || (token !== undefined && token !== current.token)) return;
    this.#storage.removeItem(this.#key);
    this.#changed.emit();
  }

  /** Hear of every login, logout and ended session. */
  readonly subscribe = this.#changed.subscribe;
}
