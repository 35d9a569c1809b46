import { ApiError } from "./apiError";
import { type KeyValueStorage, readJson } from "./storage";
import { COLLECTION_NAMES, type CollectionName, type Collections } from "./types";

/** Where the app kept everything before there was a server. */
export const LOCAL_KEY = "structura_erp_factory_data_v3";

/** The ten lists of an export and of localStorage; keys that are none of ours are kept as they are. */
type Lists = { [Name in CollectionName]: Collections[Name]["item"][] };

/** All data of the app in this browser, as one JSON text in localStorage. */
export class LocalData {
  readonly #storage: KeyValueStorage;

  constructor(storage: KeyValueStorage) {
    this.#storage = storage;
  }

  /** Tells whether anything has changed since: the text itself. */
  get version(): string {
    return this.#storage.getItem(LOCAL_KEY) ?? "";
  }

  list<Name extends CollectionName>(name: Name): Lists[Name] {
    const list = this.#read()[name];
    return Array.isArray(list) ? (list as Lists[Name]) : ([] as unknown as Lists[Name]);
  }

  replace<Name extends CollectionName>(name: Name, items: Lists[Name]): void {
    this.#write({ ...this.#read(), [name]: items });
  }

  /**
   * Put the content of a `structura-local export` file in place of what is here: the way back. Throws an Error if the
   * text is no export; then nothing is changed.
   */
  restore(text: string): void {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value) || !COLLECTION_NAMES.some((name) => Array.isArray(value[name]))) {
      throw new Error("El archivo no es una exportación de Structura.");
    }
    this.#write(value);
  }

  #read(): Partial<Record<string, unknown>> {
    const value = readJson(this.#storage, LOCAL_KEY);
    return isRecord(value) ? value : {};
  }

  #write(value: object): void {
    try {
      this.#storage.setItem(LOCAL_KEY, JSON.stringify(value));
    } catch (cause) {
      const message = "El almacenamiento de este navegador está lleno; no se guardó nada.";
      throw new ApiError(message, { status: 507, code: "disk-full" }, { cause });
    }
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
