import { ApiClient } from "./apiClient";
import { apiRepositories } from "./apiRepository";
import { ApiAuthService, type AuthService } from "./authService";
import { type Backoff, ONCE } from "./backoff";
import { type Config, readConfig } from "./config";
import { LocalAuthService } from "./localAuthService";
import { LocalData } from "./localData";
import { localRepositories } from "./localRepository";
import { Outbox } from "./outbox";
import { PlantData, type PlantDataOptions } from "./plantData";
import type { Repositories } from "./repository";
import { SessionStore } from "./session";
import type { KeyValueStorage } from "./storage";

/** The parts that an app uses, joined. */
export interface Plant {
  readonly config: Config;
  readonly auth: AuthService;
  /** Direct reads and writes that wait for the server's answer. */
  readonly repositories: Repositories;
  /** The lists to draw, and writes that never wait and are never lost. */
  readonly data: PlantData;
  readonly outbox: Outbox;
}

export interface ConnectOptions extends Pick<PlantDataOptions, "pollEvery" | "kiosk"> {
  readonly config?: Config;
  readonly storage?: KeyValueStorage;
  readonly backoff?: Backoff;
}

/** Everything an app needs to work with its plant, by its settings: over the API, or in this browser alone. */
export function connect({ config = readConfig(), storage = localStorage, ...options }: ConnectOptions = {}): Plant {
  const prefix = config.useApi ? "structura" : "structura_local";
  const sessions = new SessionStore(storage, `${prefix}_session`);
  const parts = config.useApi ? atServer(config, sessions, options.backoff) : inBrowser(sessions, storage);
  const outbox = new Outbox({
    repositories: parts.once,
    sessions,
    storage,
    name: `${prefix}_outbox`,
    ...(options.backoff ? { backoff: options.backoff } : {}),
  });
  const data = new PlantData({ ...options, repositories: parts.once, auth: parts.auth, outbox });
  if (typeof window !== "undefined") {
    window.addEventListener("online", () => {
      outbox.flush();
      data.refresh();
    });
  }
  return { config, auth: parts.auth, repositories: parts.repositories, data, outbox };
}

interface Parts {
  readonly auth: AuthService;
  readonly repositories: Repositories;
  /** For the outbox and the polling, which try again by themselves. */
  readonly once: Repositories;
}

function atServer(config: Config, sessions: SessionStore, backoff?: Backoff): Parts {
  const client = new ApiClient({ baseUrl: config.apiUrl, sessions, ...(backoff ? { backoff } : {}) });
  const once = new ApiClient({ baseUrl: config.apiUrl, sessions, backoff: ONCE });
  return {
    auth: new ApiAuthService(client, sessions),
    repositories: apiRepositories(client, sessions),
    once: apiRepositories(once, sessions),
  };
}

function inBrowser(sessions: SessionStore, storage: KeyValueStorage): Parts {
  const data = new LocalData(storage);
  const repositories = localRepositories(data);
  return { auth: new LocalAuthService(data, sessions), repositories, once: repositories };
}
