// Several operations as one write. Each is decided on the state that the earlier ones leave, then the engine takes all or none.
import type { Document, EventDraft, Operation } from '#kernel/collection.ts'
import { isStorable } from '#kernel/storable.ts'
import { applied, meets } from './change.ts'
import { duplicate } from './collection.ts'
import type { Codec } from './document.ts'
import { databaseErrors } from './errors.ts'
import type { CollectionLayout } from './layout.ts'
import type { Row, Step } from './ports.ts'
import type { Store } from './store.ts'

export interface Registered {
  readonly layout: CollectionLayout
  readonly codec: Codec<Document>
}

const MAX_OPERATIONS = 100
const MAX_ROUNDS = 100

export interface CommitParts {
  readonly store: Store
  registered(name: string): Registered | undefined
}

export async function commit(parts: CommitParts, operations: readonly Operation[], events: readonly EventDraft[]): Promise<void> {
  if (operations.length > MAX_OPERATIONS) {
    throw databaseErrors.bad_query({ detail: `A commit takes at most ${MAX_OPERATIONS} operations, not ${operations.length}.` })
  }
  const { store } = parts
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const steps = await decide(parts, operations)
    const answer = await store.write(steps, events)
    if (answer.kind === 'done') return
    if (answer.kind === 'duplicate')
      throw duplicate(registeredOr(parts, operations, answer.step).layout, answer.index, `Operation ${answer.step + 1}: `)
    // Somebody changed a document after it was read here. Its condition may still hold, so decide again.
    if (steps[answer.step]?.kind !== 'replace') throw conflict(answer.step)
  }
  throw databaseErrors.unavailable({ detail: 'Too many writers change the documents of this commit at once.' })
}

/** Rows as the operations so far leave them; `undefined` for deleted ones. */
type Changed = Map<string, Row | undefined>

async function decide(parts: CommitParts, operations: readonly Operation[]): Promise<Step[]> {
  const changed: Changed = new Map()
  const steps: Step[] = []
  for (const [number, operation] of operations.entries()) {
    const registered = registeredOr(parts, operations, number)
    const { name } = registered.layout
    const id = operation.kind === 'insert' ? operation.value.id : operation.id
    const place = `${name}/${id}`
    if (operation.kind === 'insert') {
      const { stored } = registered.codec.encode(operation.value)
      steps.push({ kind: 'insert', collection: name, id, ...stored })
      changed.set(place, { version: 1, document: stored.document })
    } else if (!isStorable(id)) {
      throw conflict(number)
    } else if (operation.kind === 'delete') {
      steps.push(operation)
      changed.set(place, undefined)
    } else {
      const before = changed.has(place) ? changed.get(place) : await parts.store.ready().find(registered.layout, id, parts.store.now())
      const step = replacement(registered, before, operation)
      if (step === undefined) throw conflict(number)
      steps.push(step)
      changed.set(place, { version: step.before.version + 1, document: step.document })
    }
  }
  return steps
}

function replacement(
  { layout, codec }: Registered,
  before: Row | undefined,
  operation: Extract<Operation, { kind: 'update' }>,
): Extract<Step, { kind: 'replace' }> | undefined {
  if (before === undefined) return undefined
  const current = codec.decode(before)
  if (!meets(current, operation.change)) return undefined
  const { stored } = codec.encode(applied(current, operation.change))
  return { kind: 'replace', collection: layout.name, id: operation.id, before, ...stored }
}

function registeredOr(parts: CommitParts, operations: readonly Operation[], number: number): Registered {
  const name = operations[number]?.collection ?? ''
  const registered = parts.registered(name)
  if (registered === undefined)
    throw databaseErrors.bad_query({ detail: `Operation ${number + 1}: there is no collection "${name}". Declare it before start.` })
  return registered
}

function conflict(number: number): Error {
  return databaseErrors.conflict({ detail: `Operation ${number + 1} of the commit does not meet its condition; nothing was changed.` })
}
