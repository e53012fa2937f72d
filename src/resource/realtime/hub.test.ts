import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { UserPrincipal } from '#kernel/call.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import { createLogger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import { Secret } from '#kernel/secret.ts'
import type { Database, Stored, Tail } from '../../database/contract.ts'
import type { Attachments } from '../attachments.ts'
import { compileResource } from '../compile.ts'
import { resource } from '../definition.ts'
import type { ResourceRepository } from '../repository.ts'
import type { ResourceDocument } from '../schemas.ts'
import { eventOf } from '../writing/event.ts'
import { Hub } from './hub.ts'
import { createPositions } from './positions.ts'
import { type Message, View } from './view.ts'

const notes = compileResource(
  resource('notes', {
    schema: z.strictObject({ title: z.string(), shared: z.boolean() }),
    indexes: { byShared: { fields: ['shared', 'createdAt'] } },
    scopes: { read: 'notes:read', write: 'notes:write' },
    access: [{ who: 'anyone', may: ['list', 'get'], where: { shared: true } }],
  }),
)
const allowed = { accountId: 'bob', clientId: 'c', scopes: ['notes:read'], firstParty: true, roles: [], groups: [] }
const bob: UserPrincipal = { kind: 'user', sessionId: 's', ...allowed }

/** A hub whose events come when the test says so, while documents are read as they are by then. */
async function open() {
  let tail: Tail | undefined
  let now: Stored<ResourceDocument> | undefined
  let sequence = 0
  const states: ResourceDocument[] = []
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a hub asks of a database
  const database = {
    events: () => Promise.resolve({ newest: 0, oldest: 0 }),
    tail(given: Tail) {
      tail = given
      return () => {}
    },
  } as unknown as Database
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- and of a repository
  const repository = { of: () => ({ get: () => Promise.resolve(now) }) } as unknown as ResourceRepository
  const clock = { now: () => 1 }
  const hub = new Hub({ database, repository, resources: new Map([['notes', notes]]), clock, logger: createLogger({ level: 'silent' }) })
  const positions = createPositions(createKeyRing(new Secret(randomBytes(32).toString('base64url'))))
  const show: Attachments['show'] = (_call, { stored }) => ({ object: stored.value, version: stored.version })
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- these objects name no files
  const parts = { attachments: { show } as Attachments, positions, repository }
  const target = { kind: 'list', where: { shared: true }, range: undefined, used: ['shared'] } as const
  const follow = async (): Promise<{ messages: Message[]; leave(): void }> => {
    const messages: Message[] = []
    const actor = { kind: 'person', accountId: 'bob', principal: allowed } as const
    const view = new View(parts, { resource: notes, target }, { actor, principal: bob })
    const leave = await hub.follow(view, { put: (message) => messages.push(message) }, undefined)
    return { messages, leave }
  }
  return {
    follow,
    /** Written, and not yet told. */
    write(title: string, shared: boolean) {
      const at = new Date(states.length).toISOString()
      const value = { id: '01arz3ndektsv4rrffq69g5fav', ownerId: 'ada', createdAt: at, updatedAt: at, title, shared }
      states.push(value)
      now = { value, version: states.length }
    },
    /** The event of the next write. */
    async tell() {
      const before = states[sequence - 1]
      const document = before ?? states[0]
      assert.ok(document !== undefined)
      const type = before === undefined ? 'created' : 'updated'
      const { data } = eventOf(type, document, { resource: notes, changed: [], attached: [], detached: [] })
      sequence += 1
      await tail?.handle([{ sequence, topic: 'resource.notes', key: document.id, at: 1, data }], sequence)
    },
  }
}

const news = (messages: Message[]): string[] =>
  messages.map(({ kind, data }) => `${kind} ${/"title":"(\w+)"/.exec(data)?.[1] ?? ''}`.trim())

test('what was told ahead of its event is not new any more when the event comes', async () => {
  const { follow, write, tell } = await open()
  const { messages } = await follow()
  write('hidden', false)
  await tell()
  write('curtain', false)
  write('shown', true)
  await tell()
  assert.deepEqual(news(messages), ['ready', 'created shown'])
  write('changed', true)
  await tell()
  await tell()
  assert.deepEqual(news(messages), ['ready', 'created shown', 'updated changed', 'updated changed'])
})

test('what was told ahead of its event and is hidden by then is taken back', async () => {
  const { follow, write, tell } = await open()
  const { messages } = await follow()
  write('hidden', false)
  write('shown', true)
  await tell()
  write('hidden', false)
  await tell()
  assert.deepEqual(news(messages), ['ready', 'created shown', 'removed'])
})

test('who comes after something was hidden is not taken for somebody who has seen it', async () => {
  const { follow, write, tell } = await open()
  const first = await follow()
  write('shown', true)
  await tell()
  first.leave()
  write('hidden', false)
  await tell()
  const second = await follow()
  write('again', true)
  await tell()
  assert.deepEqual(
    [news(first.messages), news(second.messages)],
    [
      ['ready', 'created shown'],
      ['ready', 'created again'],
    ],
  )
})
