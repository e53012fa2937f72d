// Which views an event may concern, without asking each: by the id of the document, by the values that queries ask for, and by whom it is shared with.
import type { Equalities } from '../access.ts'
import type { ResourceDocument } from '../schemas.ts'
import type { View } from './view.ts'

type Sets = Map<string, Set<View>>

/** Queries over the same fields, by the values they ask for. */
interface Shelf {
  readonly fields: readonly string[]
  readonly views: Sets
}

interface Shelves {
  readonly byId: Sets
  /** Those who follow what is shared with them. */
  readonly byPerson: Sets
  readonly byFields: Map<string, Shelf>
}

export interface Clues {
  readonly resource: string
  readonly id: string
  readonly states: readonly ResourceDocument[]
  /** With whom it was shared, or is no longer. */
  readonly people: Iterable<string>
}

function keyOf(fields: readonly string[], values: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(fields.map((field) => values[field]))
}

function put(sets: Sets, key: string, view: View): void {
  const views = sets.get(key) ?? new Set()
  sets.set(key, views.add(view))
}

function take(sets: Sets, key: string, view: View): void {
  const views = sets.get(key)
  views?.delete(view)
  if (views?.size === 0) sets.delete(key)
}

export class Routing {
  readonly #resources = new Map<string, Shelves>()

  add(view: View): void {
    this.#each(view, put)
  }

  /** Before what it is found by changes, too: then it is added again. */
  remove(view: View): void {
    this.#each(view, take)
  }

  /** Whether anybody could care, so that the document must be read. */
  concerns(resource: string, id: string): boolean {
    const shelves = this.#resources.get(resource)
    if (shelves === undefined) return false
    if (shelves.byId.has(id) || shelves.byPerson.size > 0) return true
    for (const shelf of shelves.byFields.values()) if (shelf.views.size > 0) return true
    return false
  }

  /** The views that one of these states of the document may be in. */
  find({ resource, id, states, people }: Clues): Set<View> {
    const found = new Set<View>()
    const shelves = this.#resources.get(resource)
    if (shelves === undefined) return found
    const add = (views: Iterable<View> | undefined): void => {
      for (const view of views ?? []) found.add(view)
    }
    add(shelves.byId.get(id))
    for (const accountId of people) add(shelves.byPerson.get(accountId))
    for (const { fields, views } of shelves.byFields.values()) for (const state of states) add(views.get(keyOf(fields, state)))
    return found
  }

  #each(view: View, change: (sets: Sets, key: string, view: View) => void): void {
    const shelves = this.#shelvesOf(view)
    const { target, accountId } = view
    for (const id of view.ids) change(shelves.byId, id, view)
    if (target.kind === 'shared' && accountId !== undefined) change(shelves.byPerson, accountId, view)
    if (target.kind !== 'list') return
    const shelf = shelfOf(shelves, target.where)
    change(shelf.views, keyOf(shelf.fields, target.where), view)
  }

  #shelvesOf({ resource }: View): Shelves {
    const known = this.#resources.get(resource.name) ?? { byId: new Map(), byPerson: new Map(), byFields: new Map() }
    this.#resources.set(resource.name, known)
    return known
  }
}

function shelfOf({ byFields }: Shelves, where: Equalities): Shelf {
  const fields = Object.keys(where).toSorted()
  const name = fields.join()
  const shelf = byFields.get(name) ?? { fields, views: new Map() }
  byFields.set(name, shelf)
  return shelf
}
