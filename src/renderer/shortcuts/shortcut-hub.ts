import type { ShortcutName } from './registry.ts'

/** `false`: it leaves the keys to others. */
export type ShortcutHandler = () => unknown

/** Who handles each command at present. The latest comes first: what lies on top gets the keys. */
export class ShortcutHub {
  readonly #handlers = new Map<ShortcutName, ShortcutHandler[]>()
  readonly #listeners = new Set<() => void>()
  #available: readonly ShortcutName[] = []

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Commands that somebody handles. */
  readonly available = (): readonly ShortcutName[] => this.#available

  handle(name: ShortcutName, handler: ShortcutHandler): () => void {
    this.#set(name, [...(this.#handlers.get(name) ?? []), handler])
    return () => {
      this.#set(
        name,
        (this.#handlers.get(name) ?? []).filter((other) => other !== handler),
      )
    }
  }

  /** False where nobody handles it, or leaves it to others. */
  run(name: ShortcutName): boolean {
    const handler = this.#handlers.get(name)?.at(-1)
    return handler !== undefined && handler() !== false
  }

  #set(name: ShortcutName, handlers: ShortcutHandler[]): void {
    if (handlers.length > 0) this.#handlers.set(name, handlers)
    else this.#handlers.delete(name)
    this.#available = [...this.#handlers.keys()]
    for (const listener of this.#listeners) listener()
  }
}
