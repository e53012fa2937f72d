// Which rows were written since somebody last looked: ids only, each once.
export class DirtyRows {
  readonly #ids = new Map<string, Set<string>>()

  note(collection: string, id: string): void {
    let ids = this.#ids.get(collection)
    if (ids === undefined) {
      ids = new Set()
      this.#ids.set(collection, ids)
    }
    ids.add(id)
  }

  has(collection: string, id: string): boolean {
    return this.#ids.get(collection)?.has(id) === true
  }

  get size(): number {
    let size = 0
    for (const ids of this.#ids.values()) size += ids.size
    return size
  }

  all(): { readonly collection: string; readonly id: string }[] {
    return [...this.#ids].flatMap(([collection, ids]) => [...ids].map((id) => ({ collection, id })))
  }

  /** Takes up to this many ids of one collection away. */
  take(limit: number): { readonly collection: string; readonly ids: readonly string[] } | undefined {
    for (const [collection, ids] of this.#ids) {
      if (ids.size === 0) continue
      const taken = [...ids.values().take(limit)]
      for (const id of taken) ids.delete(id)
      return { collection, ids: taken }
    }
    return undefined
  }

  clear(): void {
    this.#ids.clear()
  }
}
