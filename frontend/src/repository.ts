import type { CollectionName, Collections, Kind } from "./types";

/** Which objects to find. Field names are those of the collection; an unknown one is refused. */
export interface Query<Item> {
  /** Fields that must equal a value, or any of several; a list field must contain it. */
  readonly where?: { readonly [Field in keyof Item]?: Condition<Item[Field]> };
  /** Text to search for. */
  readonly q?: string;
  /** Bounds of `timestamp`, ISO 8601. */
  readonly since?: string;
  readonly until?: string;
  readonly sort?: (keyof Item & string) | `-${keyof Item & string}`;
  /** The size of a page, 1 to 1000; without it, all. */
  readonly limit?: number;
  readonly offset?: number;
  /** `Page.next` of the page before. */
  readonly cursor?: string;
}

type Scalar = string | number | boolean;
type Value<Field> = NonNullable<Field> extends readonly (infer Element)[] ? Element : NonNullable<Field>;
type Condition<Field> = Extract<Value<Field>, Scalar> | readonly Extract<Value<Field>, Scalar>[];

export interface Page<Item> {
  readonly items: readonly Item[];
  /** How many there are in all; null: no page was asked for. */
  readonly total: number | null;
  /** The `cursor` of the next page; null: this is the last. */
  readonly next: string | null;
}

export interface WriteOptions<Item> {
  /** Refuse (ApiError, status 412) if the object is no longer as it was answered by `getById`, `create` or `update`. */
  readonly ifUnchanged?: Item;
  /** Idempotency-Key; one is made if it is left out. */
  readonly key?: string;
}

export interface DeleteOptions<Item> extends Pick<WriteOptions<Item>, "ifUnchanged"> {
  /** Although others hang on it; for an ADMIN. */
  readonly force?: boolean;
}

/** One collection, wherever it is kept. Failures are ApiErrors with a sentence to show. */
export interface Repository<K extends Kind> {
  /** All of it (the newest 500 events; alerts that are not dismissed). The same array as before if nothing changed. */
  getAll(): Promise<readonly K["item"][]>;
  /** Null: it is not there. */
  getById(id: string): Promise<K["item"] | null>;
  create(draft: K["draft"], options?: Pick<WriteOptions<never>, "key">): Promise<K["item"]>;
  /** Change some fields; null clears one. `add`, `addTo` and `removeFrom` make differences for counters and lists. */
  update(id: string, change: K["change"], options?: WriteOptions<K["item"]>): Promise<K["item"]>;
  delete(id: string, options?: DeleteOptions<K["item"]>): Promise<void>;
  query(query: Query<K["item"]>): Promise<Page<K["item"]>>;
}

/** A repository for each collection. */
export type Repositories = { readonly [Name in CollectionName]: Repository<Collections[Name]> };
