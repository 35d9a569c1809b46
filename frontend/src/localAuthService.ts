import { ApiError } from "./apiError";
import type { AuthService } from "./authService";
import type { LocalData } from "./localData";
import type { SessionStore } from "./session";
import type { User, UserEntry } from "./types";

/** Logging in without a server, as the app did before: against the PINs that lie in this browser. */
export class LocalAuthService implements AuthService {
  readonly #data: LocalData;
  readonly #sessions: SessionStore;
  readonly subscribe: AuthService["subscribe"];

  constructor(data: LocalData, sessions: SessionStore) {
    this.#data = data;
    this.#sessions = sessions;
    this.subscribe = sessions.subscribe;
  }

  get user(): User | null {
    return this.#sessions.current?.user ?? null;
  }

  async login(pin: string): Promise<User> {
    const [entry, other] = this.#data.list("users").filter((one) => one.pin === pin);
    if (!entry) throw new ApiError("PIN incorrecto.", { status: 401, code: "wrong-pin" });
    if (other) throw new ApiError("Dos usuarios tienen este PIN.", { status: 401, code: "pin-shared" });
    const user = masked(entry);
    this.#sessions.set({ token: "local", user });
    return user;
  }

  async logout(): Promise<void> {
    this.#sessions.clear();
  }

  async me(): Promise<User> {
    const entry = this.#data.list("users").find((one) => one.id === this.user?.id);
    if (!entry) throw new ApiError("Inicie sesión primero.", { status: 401, code: "no-token" });
    return masked(entry);
  }
}

/** A user as the server would answer them. */
function masked(entry: UserEntry): User {
  return { ...entry, pin: "••••" };
}
