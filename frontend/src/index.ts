/** What the plant's app imports. */

export { type Answer, ApiClient, type ApiClientOptions, type RequestOptions } from "./apiClient";
export { ApiError, type ErrorCode, type FieldError } from "./apiError";
export { ApiRepository, apiRepositories } from "./apiRepository";
export { ApiAuthService, type AuthService } from "./authService";
export { type Config, readConfig } from "./config";
export { type ConnectOptions, connect, type Plant } from "./connect";
export { LocalAuthService } from "./localAuthService";
export { LOCAL_KEY, LocalData } from "./localData";
export { localRepositories } from "./localRepository";
export { type Entry, Outbox, type Refused, type Sent } from "./outbox";
export { type Lists, PlantData, type Snapshot } from "./plantData";
export type { Page, Query, Repositories, Repository, WriteOptions } from "./repository";
export { SessionStore } from "./session";
export * from "./types";
