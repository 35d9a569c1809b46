/** Who wants to hear of something, and telling them. */
export class Signal<T = void> {
  readonly #listeners = new Set<(value: T) => void>();

  /** Call `listener` from now on; returns what ends that. Usable with React's `useSyncExternalStore`. */
  readonly subscribe = (listener: (value: T) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  emit(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }
}
