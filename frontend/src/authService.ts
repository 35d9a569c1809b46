import type { ApiClient } from "./apiClient";
import type { SessionStore } from "./session";
import type { Session, User } from "./types";

/** Logging in and out at this terminal. */
export interface AuthService {
  /** Who is logged in; null: nobody. Known at once after a reload, without asking the server. */
  readonly user: User | null;
  /** Log in with a PIN. Rejects with an ApiError: wrong PIN (401), too many tries (429, `retryAfter`), offline. */
  login(pin: string): Promise<User>;
  /** Log out. Never fails: with the network gone the terminal is logged out all the same. */
  logout(): Promise<void>;
  /** The user as the server knows them now. */
  me(): Promise<User>;
  /** Hear of every login, logout and ended session; returns what ends that. */
  readonly subscribe: (listener: () => void) => () => void;
}

export class ApiAuthService implements AuthService {
  readonly #client: ApiClient;
  readonly #sessions: SessionStore;
  readonly subscribe: AuthService["subscribe"];

  constructor(client: ApiClient, sessions: SessionStore) {
    this.#client = client;
    this.#sessions = sessions;
    this.subscribe = sessions.subscribe;
  }

  get user(): User | null {
    return this.#sessions.current?.user ?? null;
  }

  async login(pin: string): Promise<User> {
    const { data } = await this.#client.request<Session>("POST", "/api/auth/login", { body: { pin }, token: null });
    this.#sessions.set(data);
    return data.user;
  }

  async logout(): Promise<void> {
    const token = this.#sessions.current?.token;
    this.#sessions.clear();
    if (!token) return;
    // The terminal has dropped the token; this kills it at the server too. Unreachable, it ends by its own date.
    await this.#client.request("POST", "/api/auth/logout", { token, body: {} }).catch(() => undefined);
  }

  async me(): Promise<User> {
    const { data: user } = await this.#client.request<User>("GET", "/api/auth/me");
    const current = this.#sessions.current;
    if (current?.user.id === user.id) this.#sessions.set({ ...current, user });
    return user;
  }
}
