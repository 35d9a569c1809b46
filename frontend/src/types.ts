/**
 * The plant's objects by name. Everything here comes from the server's OpenAPI document (`npm run types`); only the
 * pairing of collections with their shapes is written by hand.
 */

import type { components } from "./openapi";

type Schemas = components["schemas"];

export type Machine = Schemas["Machine"];
export type Job = Schemas["Job"];
export type Project = Schemas["Project"];
export type User = Schemas["User"];
export type Client = Schemas["Client"];
export type InventoryItem = Schemas["InventoryItem"];
export type Alert = Schemas["Alert"];
export type Message = Schemas["Message"];
export type ProductionEvent = Schemas["ProductionEvent"];
export type ProjectAccessory = Schemas["ProjectAccessory"];

/** The token of a login, and whose it is. */
export type Session = Schemas["Session"];

/** A user as a list has them: only an ADMIN's list shows that there is a PIN (as a mask; a PIN never leaves the server). */
export type UserEntry = Schemas["DirectoryEntry"] & Partial<Pick<User, "pin">>;

/** What a collection holds, what makes a new object, what changes one. */
export interface Kind {
  item: { id: string };
  draft: { id?: string | null };
  change: object;
}

interface Shapes<Item, Draft, Change> {
  item: Item;
  draft: Draft;
  change: Change;
}

/** The ten collections, by the keys that the app's state and its localStorage have always had. */
export interface Collections {
  machines: Shapes<Machine, Schemas["MachineCreate"], Schemas["MachineUpdate"]>;
  jobs: Shapes<Job, Schemas["JobCreate"], Schemas["JobUpdate"]>;
  projects: Shapes<Project, Schemas["ProjectCreate"], Schemas["ProjectUpdate"]>;
  users: Shapes<UserEntry, Schemas["UserCreate"], Schemas["UserUpdate"]>;
  clients: Shapes<Client, Schemas["ClientCreate"], Schemas["ClientUpdate"]>;
  inventory: Shapes<InventoryItem, Schemas["InventoryItemCreate"], Schemas["InventoryItemUpdate"]>;
  alerts: Shapes<Alert, Schemas["AlertCreate"], Schemas["AlertUpdate"]>;
  messages: Shapes<Message, Schemas["MessageCreate"], Schemas["MessageUpdate"]>;
  events: Shapes<ProductionEvent, Schemas["ProductionEventCreate"], never>;
  projectAccessories: Shapes<ProjectAccessory, Schemas["ProjectAccessoryCreate"], Schemas["ProjectAccessoryUpdate"]>;
}

export type CollectionName = keyof Collections;

/** Where each collection lives below `/api/`. */
export const PATHS: Readonly<Record<CollectionName, string>> = {
  machines: "machines",
  jobs: "jobs",
  projects: "projects",
  users: "users",
  clients: "clients",
  inventory: "inventory",
  alerts: "alerts",
  messages: "messages",
  events: "events",
  projectAccessories: "project-accessories",
};

export const COLLECTION_NAMES = Object.keys(PATHS) as CollectionName[];

/** The difference to send where others change the same number: `quantity: add(-20)`. */
export const add = (difference: number): { add: number } => ({ add: difference });

/** The difference to send where others change the same list: `operatorIds: addTo("U-2")`. */
export const addTo = (...elements: string[]): { add: string[] } => ({ add: elements });

/** Ditto, to take elements out. */
export const removeFrom = (...elements: string[]): { remove: string[] } => ({ remove: elements });
