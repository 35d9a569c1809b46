/** The difference that a counter or a list takes in place of a value; nothing else in a change is a plain object. */
type Difference = { add: number } | { add?: readonly string[]; remove?: readonly string[] };

/** Fields whose `null` is a value, not 'unset'. */
const NULLABLE = new Set(["currentJobId"]);

/** `item` as a change leaves it: values set, `null` cleared, differences added. What the server does, done here. */
export function applied<Item extends object>(item: Item, change: object): Item {
  const result: Record<string, unknown> = { ...(item as Record<string, unknown>) };
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined) continue;
    if (value === null && !NULLABLE.has(name)) delete result[name];
    else result[name] = isDifference(value) ? sum(result[name], value) : value;
  }
  return result as Item;
}

function isDifference(value: unknown): value is Difference {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sum(present: unknown, difference: Difference): unknown {
  if (typeof difference.add === "number") return Number(present ?? 0) + difference.add;
  const { add = [], remove = [] } = difference as { add?: readonly string[]; remove?: readonly string[] };
  const kept = (Array.isArray(present) ? present : []).filter((element) => !remove.includes(element));
  return [...new Set([...kept, ...add])];
}
