/** How often and how patiently to try again. Times in milliseconds. */
export interface Backoff {
  /** Tries in all, the first included. */
  readonly tries: number;
  readonly first: number;
  readonly most: number;
}

/** Rides out a restart of the server (about ten seconds); longer outages are the outbox's. */
export const PATIENT: Backoff = { tries: 6, first: 250, most: 5_000 };
export const ONCE: Backoff = { tries: 1, first: 0, most: 0 };

/**
 * How long to wait after the `failures`-th failure: doubling, with jitter so that twenty tablets do not all knock at the
 * instant the server is back; at least `asked` (the server's Retry-After, in seconds), never more than `most`.
 */
export function delay(backoff: Backoff, failures: number, asked: number | null = null, random = Math.random()): number {
  const ceiling = Math.min(backoff.most, backoff.first * 2 ** (failures - 1));
  return Math.min(backoff.most, Math.max(ceiling * (0.5 + random / 2), (asked ?? 0) * 1_000));
}

/** Resolves after `ms`, or as soon as `signal` is aborted; whoever waits looks at the signal. */
export function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });
}
