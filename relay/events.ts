/** A small typed event map. A listener is a resource: dispose it. A listener that throws is a bug and surfaces as one. */
export class Events<Map extends object> {
  readonly #listeners = new Map<keyof Map, Set<(value: never) => void>>()

  on<Name extends keyof Map>(name: Name, listener: (value: Map[Name]) => void): Disposable {
    let listeners = this.#listeners.get(name)
    if (listeners === undefined) {
      listeners = new Set()
      this.#listeners.set(name, listeners)
    }
    listeners.add(listener)
    return { [Symbol.dispose]: () => listeners.delete(listener) }
  }

  emit<Name extends keyof Map>(name: Name, value: Map[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) (listener as (value: Map[Name]) => void)(value)
  }

  /** How many listen; leak tests ask. */
  count(name: keyof Map): number {
    return this.#listeners.get(name)?.size ?? 0
  }
}

/** The listening half, for those who may not emit. */
export type EventSource<Map extends object> = Pick<Events<Map>, 'on'>
