// Asks every question of the authorisation matrix over HTTP and compares with what the oracle says. A cell is one statement: this field of this object is
// shown to this asker, or not; this one may be written; this answer has this status.
import { callAs } from '#kernel/call.ts'
import type { Answered } from '../http/gateway-support.ts'
import { type Asker, type Oracle, type Operation, reach, type Thing, turnedAway } from './matrix-oracle.ts'
import { ASKERS, type MatrixWorld, OWNER, system } from './matrix-world.ts'

export interface Subject {
  readonly oracle: Oracle
  /** Objects of the owner. */
  readonly objects: readonly Omit<Thing, 'ownerId'>[]
  /** A new value for each field, and one that a new object may have. */
  readonly change: Readonly<Record<string, (before: unknown) => unknown>>
  /** What a new object must have. */
  readonly create?: (world: MatrixWorld, asker: Asker) => Promise<Readonly<Record<string, unknown>>>
  /** What every new object has besides, because the schema gives it. */
  readonly given?: readonly string[]
  /** Fields that can be written once, or not at all, whoever asks. */
  readonly fixed?: readonly string[]
  readonly lists: readonly Readonly<Record<string, string>>[]
  /** Filters and sorts that tell of a field: who may ask them. */
  readonly probes?: readonly { readonly query: string; readonly open: (asker: Asker) => boolean }[]
}

interface Placed extends Thing {
  readonly id: string
}

const PLATFORM = ['id', 'ownerId', 'createdAt', 'updatedAt']

export class Matrix {
  cells = 0
  readonly wrong: string[] = []
  readonly asked = new Set<string>()
  readonly #world: MatrixWorld
  readonly #subject: Subject
  readonly #askers: readonly Asker[]

  constructor(world: MatrixWorld, subject: Subject, askers: readonly Asker[] = ASKERS) {
    this.#world = world
    this.#subject = subject
    this.#askers = askers
  }

  async run(): Promise<this> {
    const placed: Placed[] = []
    for (const object of this.#subject.objects) placed.push(await this.#place(object))
    for (const asker of this.#askers) {
      await this.#lists(asker, placed)
      for (const thing of placed) {
        await this.#get(asker, thing)
        await this.#update(asker, thing)
        await this.#bulk(asker, thing)
        await this.#shares(asker, thing)
      }
      for (const object of this.#subject.objects) await this.#delete(asker, object)
      await this.#create(asker)
    }
    return this
  }

  get #name(): string {
    return this.#subject.oracle.resource
  }

  #check(isRight: boolean, words: () => string): void {
    this.cells += 1
    if (!isRight) this.wrong.push(words())
  }

  // oxlint-disable-next-line eslint/max-params -- one row: who, what came, what ought to, of what
  #status(asker: Asker, reply: Answered, expected: number, what: string): boolean {
    // A cookie of any kind asks for the token against forged requests first.
    const isRight = reply.status === expected || (asker.kind === 'operator' && expected === 401 && reply.status === 403)
    this.#check(isRight, () => `${asker.name}: ${what} answered ${reply.status} and not ${expected}: ${reply.text.slice(0, 200)}`)
    return isRight
  }

  // oxlint-disable-next-line eslint/max-params -- reads like the request that it makes
  async #ask(asker: Asker, method: string, path: string, json?: unknown): Promise<Answered> {
    this.asked.add(
      `${method} ${
        path
          .split('?')[0]
          ?.replaceAll(/\/[0-9a-z]{26}/g, '/:id')
          .replace(/shares\/.+/, 'shares/:accountId') ?? ''
      }`,
    )
    return this.#world.ask(asker, { method, path, ...(json === undefined ? {} : { json }) })
  }

  async #place(object: Omit<Thing, 'ownerId'>): Promise<Placed> {
    const { resources } = this.#world
    const call = callAs(system, {
      kind: 'user',
      accountId: 'owner',
      sessionId: 's',
      clientId: 'diary',
      scopes: OWNER.scopes,
      firstParty: true,
    })
    const required = (await this.#subject.create?.(this.#world, OWNER)) ?? {}
    const { score, ...fields } = object.fields
    const made = await resources.create(call, this.#name, { ...required, ...fields })
    const { object: whole } =
      score === undefined ? made : await resources.update(system, this.#name, { id: made.object.id, input: { score } })
    for (const [accountId, may] of Object.entries(object.shares))
      await resources.shares.put(call, this.#name, { id: whole.id, accountId, may })
    return { id: whole.id, ownerId: 'owner', shares: object.shares, fields: stored(whole, this.#subject.oracle.fields) }
  }

  /** Every field of the answer, shown or not, as it ought to be. */
  #shown(
    asker: Asker,
    body: Readonly<Record<string, unknown>>,
    expected: { thing: Thing; fields: ReadonlySet<string>; what: string },
  ): void {
    const { thing, fields, what } = expected
    for (const field of this.#subject.oracle.fields) {
      const value = fields.has(field) ? thing.fields[field] : undefined
      this.#check(
        JSON.stringify(body[field]) === JSON.stringify(value),
        () => `${asker.name}: ${what} has ${field}: ${JSON.stringify(body[field])}, not ${JSON.stringify(value)}`,
      )
    }
    const links = Object.keys(body).filter((key) => key.endsWith('Url') && fields.has(key.slice(0, -3)))
    const strange = Object.keys(body).filter((key) => ![...PLATFORM, ...this.#subject.oracle.fields, ...links, 'etag'].includes(key))
    this.#check(strange.length === 0, () => `${asker.name}: ${what} has ${strange.join(', ')}`)
  }

  /** Nothing of an object is in a refusal. */
  // oxlint-disable-next-line eslint/max-params -- one row, as above
  #silent(asker: Asker, reply: Answered, thing: Thing, what: string): void {
    const told = Object.values(thing.fields).filter(
      (value) => typeof value === 'string' && value.startsWith('told-') && reply.text.includes(value),
    )
    this.#check(told.length === 0, () => `${asker.name}: the refusal of ${what} tells ${told.join(', ')}`)
  }

  #expectedOf(operation: Operation, asker: Asker, thing: Thing): number {
    const { oracle } = this.#subject
    const away = turnedAway(oracle, operation, asker)
    if (away !== undefined) return away
    if (reach(oracle, 'get', { asker, thing }) === undefined && operation !== 'delete') return 404
    if (reach(oracle, operation, { asker, thing }) !== undefined) return operation === 'delete' ? 204 : 200
    return reach(oracle, 'get', { asker, thing }) === undefined ? 404 : 403
  }

  async #get(asker: Asker, thing: Placed): Promise<void> {
    const { oracle } = this.#subject
    const what = `GET ${this.#name} ${describe(thing)}`
    const reply = await this.#ask(asker, 'GET', `/api/${this.#name}/${thing.id}`)
    const expected = this.#expectedOf('get', asker, thing)
    if (!this.#status(asker, reply, expected, what)) return
    if (expected !== 200) return this.#silent(asker, reply, thing, what)
    this.#shown(asker, reply.json, { thing, fields: reach(oracle, 'get', { asker, thing }) ?? new Set(), what })
    // Asking for all fields by name shows no more; and each by its own shows itself or nothing.
    const named = await this.#ask(asker, 'GET', `/api/${this.#name}/${thing.id}?fields=${oracle.fields.join(',')}`)
    this.#shown(asker, named.json, { thing, fields: reach(oracle, 'get', { asker, thing }) ?? new Set(), what: `${what} by names` })
  }

  /** What a change of one field ought to answer, before and after being looked at. */
  #expectedChange(asker: Asker, thing: Thing, change: { field: string; value: unknown }): { status: number; after: Thing } {
    const { oracle } = this.#subject
    const after = { ...thing, fields: { ...thing.fields, [change.field]: change.value } }
    const status = this.#expectedOf('update', asker, thing)
    if (status !== 200) return { status, after }
    const [before, later] = [thing, after].map((state) => reach(oracle, 'update', { asker, thing: state }))
    const isAllowed = before?.has(change.field) === true && later?.has(change.field) === true
    return { status: isAllowed && reach(oracle, 'get', { asker, thing: after }) !== undefined ? 200 : 403, after }
  }

  async #update(asker: Asker, thing: Placed): Promise<void> {
    const { oracle, change, fixed = [] } = this.#subject
    for (const [field, valueFor] of Object.entries(change)) {
      const value = valueFor(thing.fields[field])
      const { status, after } = this.#expectedChange(asker, thing, { field, value })
      const what = `PATCH ${field} of ${this.#name} ${describe(thing)}`
      const reply = await this.#ask(asker, 'PATCH', `/api/${this.#name}/${thing.id}`, { [field]: value })
      const isFixed = fixed.includes(field) && status === 200
      if (isFixed) {
        this.#status(asker, reply, 422, what)
        continue
      }
      this.#status(asker, reply, status, what)
      if (reply.status === 200) {
        if (status === 200)
          this.#shown(asker, reply.json, { thing: after, fields: reach(oracle, 'get', { asker, thing: after }) ?? new Set(), what })
        await this.#restore(thing)
      } else if (status !== 200) {
        this.#silent(asker, reply, thing, what)
        await this.#unchanged(asker, thing, what)
      }
      await this.#blind(asker, thing, field)
    }
  }

  /** Sending the value that is there must answer like sending another: or it could be guessed. */
  async #blind(asker: Asker, thing: Placed, field: string): Promise<void> {
    const { oracle } = this.#subject
    if (thing.fields[field] === undefined || reach(oracle, 'get', { asker, thing })?.has(field) === true) return
    const same = await this.#ask(asker, 'PATCH', `/api/${this.#name}/${thing.id}`, { [field]: thing.fields[field] })
    this.#check(same.status >= 400, () => `${asker.name}: ${field} of ${this.#name} can be guessed`)
  }

  async #bulk(asker: Asker, thing: Placed): Promise<void> {
    const field = Object.keys(this.#subject.change).find((name) => this.#subject.fixed?.includes(name) !== true)
    if (field === undefined) return
    const value = this.#subject.change[field]?.(thing.fields[field])
    const { status } = this.#expectedChange(asker, thing, { field, value })
    const operations = [{ update: thing.id, change: { [field]: value } }]
    const reply = await this.#ask(asker, 'POST', `/api/${this.#name}/bulk`, { operations })
    const results = reply.json['results'] as { status: number }[] | undefined
    const got = results?.[0]?.status ?? reply.status
    const isRight = got === status || (status >= 400 && [401, 403].includes(got) && [401, 403].includes(status))
    this.#check(
      isRight,
      () => `${asker.name}: bulk ${field} of ${this.#name} ${describe(thing)} gave ${got}, not ${status}: ${reply.text.slice(0, 200)}`,
    )
    if (got === 200) await this.#restore(thing)
  }

  async #restore(thing: Placed): Promise<void> {
    const open = Object.keys(this.#subject.change).filter((field) => this.#subject.fixed?.includes(field) !== true)
    const input = Object.fromEntries(open.map((field) => [field, thing.fields[field] ?? null]))
    await this.#world.resources.update(system, this.#name, { id: thing.id, input })
  }

  async #unchanged(asker: Asker, thing: Placed, what: string): Promise<void> {
    const { object } = await this.#world.resources.get(system, this.#name, thing.id)
    const now = JSON.stringify(stored(object, this.#subject.oracle.fields))
    this.#check(now === JSON.stringify(thing.fields), () => `${asker.name}: ${what} was refused and changed it`)
  }

  async #delete(asker: Asker, object: Omit<Thing, 'ownerId'>): Promise<void> {
    const thing = await this.#place(object)
    const expected = this.#expectedOf('delete', asker, thing)
    const what = `DELETE ${this.#name} ${describe(thing)}`
    const reply = await this.#ask(asker, 'DELETE', `/api/${this.#name}/${thing.id}`)
    this.#status(asker, reply, expected, what)
    const isThere = await this.#world.resources.get(system, this.#name, thing.id).then(
      () => true,
      () => false,
    )
    this.#check(isThere === (expected !== 204), () => `${asker.name}: after ${what} it is ${isThere ? 'there' : 'gone'}`)
    if (isThere) await this.#world.resources.delete(system, this.#name, { id: thing.id })
  }

  async #create(asker: Asker): Promise<void> {
    const { oracle, change, create } = this.#subject
    const away = turnedAway(oracle, 'create', asker)
    for (const [field, valueFor] of Object.entries(change)) {
      const required = (await create?.(this.#world, asker)) ?? {}
      const fields = { ...required, ...(field in required ? {} : { [field]: valueFor(undefined) }) }
      const thing: Thing = { ownerId: asker.account, shares: {}, fields }
      const allowed = reach(oracle, 'create', { asker, thing })
      const isAllowed = allowed !== undefined && Object.keys(fields).every((name) => allowed.has(name))
      const what = `POST ${this.#name} with ${Object.keys(fields).join(', ')}`
      const reply = await this.#ask(asker, 'POST', `/api/${this.#name}`, fields)
      this.#status(asker, reply, away ?? (isAllowed ? 201 : 403), what)
      if (reply.status !== 201) continue
      const id = String(reply.json['id'])
      const { object } = await this.#world.resources.get(system, this.#name, id)
      const made = { ownerId: asker.account, shares: {}, fields: stored(object, oracle.fields) }
      const seen = turnedAway(oracle, 'get', asker) === undefined ? (reach(oracle, 'get', { asker, thing: made }) ?? []) : []
      this.#shown(asker, reply.json, { thing: made, fields: new Set([...(allowed ?? []), ...seen]), what })
      await this.#world.resources.delete(system, this.#name, { id })
    }
  }

  async #lists(asker: Asker, placed: readonly Placed[]): Promise<void> {
    const { oracle, lists, probes = [] } = this.#subject
    const away = turnedAway(oracle, 'list', asker)
    for (const filter of lists) {
      const what = `GET ${this.#name}?${new URLSearchParams(filter).toString()}`
      const reply = await this.#ask(
        asker,
        'GET',
        `/api/${this.#name}?${new URLSearchParams({ ...filter, limit: '100', count: 'true' }).toString()}`,
      )
      if (away !== undefined) {
        this.#status(asker, reply, away, what)
        continue
      }
      const matching = placed.filter((thing) =>
        Object.entries(filter).every(([field, value]) => (field === 'ownerId' ? thing.ownerId : thing.fields[field]) === value),
      )
      const covered = oracle.sentences.some(
        (sentence) =>
          sentence.may.includes('list') &&
          (sentence.everybody === true || asker.kind === 'person') &&
          sentence.covers?.(asker, filter) === true,
      )
      if (covered) this.#status(asker, reply, 200, what)
      else this.#check([200, 400, 422].includes(reply.status), () => `${asker.name}: ${what} answered ${reply.status}`)
      if (reply.status !== 200) continue
      const items = (reply.json['items'] ?? []) as Readonly<Record<string, unknown>>[]
      const ids = new Set(items.map(({ id }) => id))
      if (covered) {
        this.#check(
          matching.every(({ id }) => ids.has(id)),
          () => `${asker.name}: ${what} leaves something out`,
        )
        const count = reply.json['count'] as { value: number }
        this.#check(count.value === items.length, () => `${asker.name}: ${what} counts ${count.value} of ${items.length}`)
      }
      this.#items(asker, items, { among: matching, what })
    }
    if (away === undefined) await this.#probes(asker, probes)
    await this.#sharedList(asker, placed)
  }

  #items(
    asker: Asker,
    items: readonly Readonly<Record<string, unknown>>[],
    { among, what }: { among: readonly Placed[]; what: string },
  ): void {
    for (const item of items) {
      const thing = among.find(({ id }) => id === item['id'])
      const fields = thing === undefined ? undefined : reach(this.#subject.oracle, 'list', { asker, thing })
      this.#check(fields !== undefined, () => `${asker.name}: ${what} shows ${JSON.stringify(item)}`)
      if (thing === undefined || fields === undefined) continue
      this.#shown(asker, item, { thing, fields, what })
      this.#check(/^"v\d+"$/.test(String(item['etag'])), () => `${asker.name}: ${what} has no tag`)
    }
  }

  async #probes(asker: Asker, probes: NonNullable<Subject['probes']>): Promise<void> {
    for (const { query, open } of probes) {
      const reply = await this.#ask(asker, 'GET', `/api/${this.#name}?${query}`)
      this.#status(asker, reply, open(asker) ? 200 : 422, `GET ${this.#name}?${query}`)
    }
  }

  async #sharedList(asker: Asker, placed: readonly Placed[]): Promise<void> {
    if (placed.every(({ shares }) => Object.keys(shares).length === 0)) return
    const reply = await this.#ask(asker, 'GET', `/api/${this.#name}?shared=true&limit=100`)
    const away = turnedAway(this.#subject.oracle, 'list', asker)
    if (!this.#status(asker, reply, away ?? 200, `GET ${this.#name}?shared=true`) || away !== undefined) return
    const items = reply.json['items'] as Readonly<Record<string, unknown>>[]
    const mine = placed.filter(({ shares }) => asker.kind === 'person' && shares[asker.account] !== undefined)
    this.#check(items.length === mine.length, () => `${asker.name}: is shown ${items.length} of ${mine.length} shared ${this.#name}`)
    this.#items(asker, items, { among: mine, what: `GET ${this.#name}?shared=true` })
  }

  async #shares(asker: Asker, thing: Placed): Promise<void> {
    if (this.#subject.objects.every(({ shares }) => Object.keys(shares).length === 0)) return
    const path = `/api/${this.#name}/${thing.id}/shares`
    const expected = (right: 'get' | 'update'): number => {
      if (asker.kind === 'nobody' || asker.kind === 'operator') return 401
      const away = turnedAway(this.#subject.oracle, right, asker)
      if (away !== undefined) return away
      if (reach(this.#subject.oracle, 'get', { asker, thing }) === undefined) return 404
      return asker.account === thing.ownerId ? 200 : 403
    }
    this.#status(asker, await this.#ask(asker, 'GET', path), expected('get'), `GET shares of ${describe(thing)}`)
    const put = await this.#ask(asker, 'PUT', `${path}/friend`, { may: 'write' })
    this.#status(asker, put, expected('update'), `PUT a share of ${describe(thing)}`)
    const one = await this.#ask(asker, 'GET', `${path}/friend`)
    const read = expected('get')
    this.#status(asker, one, read === 200 && put.status !== 200 ? 404 : read, `GET a share of ${describe(thing)}`)
    const removed = await this.#ask(asker, 'DELETE', `${path}/friend`)
    const written = expected('update')
    this.#status(asker, removed, written === 200 ? 204 : written, `DELETE a share of ${describe(thing)}`)
  }
}

function stored(object: Readonly<Record<string, unknown>>, fields: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(fields.filter((field) => object[field] !== undefined).map((field) => [field, object[field]]))
}

function describe({ fields, shares }: Thing): string {
  return `(${JSON.stringify(fields)}${Object.keys(shares).length === 0 ? '' : ', shared'})`
}
