// As what each document that changes just now was told last. It is read after its event, and may be further by then than the event says: whoever was told
// of it so has seen more than the next event knows of.
import type { Resource } from '../compile.ts'
import type { ResourceDocument } from '../schemas.ts'
import type { Happened } from './history.ts'
import { imageOf } from './image.ts'

/** The next event of a document that was told too early is close behind. */
const MAX_KEPT = 100

type About = Pick<Happened, 'resource' | 'id'>

export class Told {
  readonly #all = new Map<string, ResourceDocument>()

  /** All states that somebody may have seen before. */
  befores(happened: Happened): readonly ResourceDocument[] {
    const last = this.#all.get(keyOf(happened))
    return last === undefined ? happened.befores : [...happened.befores, last]
  }

  keep(resource: Resource | undefined, about: About, state: ResourceDocument | undefined): void {
    this.forget(about)
    if (resource === undefined || state === undefined) return
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the fields by which rules decide, those of the platform among them
    this.#all.set(keyOf(about), imageOf(resource, state) as ResourceDocument)
    if (this.#all.size <= MAX_KEPT) return
    const [oldest] = this.#all.keys()
    if (oldest !== undefined) this.#all.delete(oldest)
  }

  /** Something happened to it that was told to nobody. */
  forget(about: About): void {
    this.#all.delete(keyOf(about))
  }

  clear(): void {
    this.#all.clear()
  }
}

function keyOf({ resource, id }: About): string {
  return `${resource}/${id}`
}
