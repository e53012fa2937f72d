// The download of one's own data: everything of this person, nothing of anybody else, no secret, and only after a recent sign-in.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { type AccountsWorld, call, openAccounts, tokenIn, type Visited } from '../support/accounts.ts'
import { until } from '../support/until.ts'
import { entriesOf } from '../support/zip.ts'

let world: AccountsWorld
const asked: unknown[] = []
let many = 0
const held: { name: string; open: () => Promise<Readable | undefined> }[] = []

before(async () => {
  world = await openAccounts({
    holdings: [
      {
        kind: 'objects',
        resource: 'notes',
        page: async (asking, ownerId, after) => {
          asked.push([asking.principal.kind, ownerId, after])
          return after === undefined ? { items: [{ id: 1, text: 'a "quoted" note' }], next: 'two' } : { items: [{ id: 2 }] }
        },
      },
      {
        kind: 'objects',
        resource: 'many',
        page: async (_asking, _ownerId, after = '0') => {
          const items = Array.from({ length: Math.min(100, many - Number(after)) }, (_, index) => ({
            id: Number(after) + index,
            text: 'x'.repeat(500),
          }))
          const next = Number(after) + items.length
          return next < many ? { items, next: String(next) } : { items }
        },
      },
      {
        kind: 'files',
        page: async () => ({
          items: held.map(({ name }) => ({ name })),
          files: held.map(({ name, open }) => ({ path: ['photos', name], createdAt: 1_700_000_000_000, open })),
        }),
      },
    ],
  })
})

after(() => world.stop())

const streamOf = ({ answer }: Visited): Readable => (answer.body as { stream: Readable }).stream

const unzipped = async (visited: Visited): Promise<Map<string, Buffer>> => entriesOf(await buffer(streamOf(visited)))

const jsonIn = (entries: Map<string, Buffer>, path: string) => JSON.parse(String(entries.get(path))) as Record<string, unknown>

function signIn(accountId: string, ago = 0): void {
  const now = world.clock.now()
  world.engine.sessionList.splice(0)
  world.engine.sessionList.push({ id: 'here', accountId, signedInAt: now - ago, lastUsedAt: now, device: 'Firefox on Linux' })
  world.engine.signedInAs = accountId
}

test('has everything of the person, page by page, and no hash', async () => {
  const other = await world.person({ email: 'someone-else@example.org', name: 'Someone Else' })
  const { accountId, email } = await world.person({ email: 'mine@example.org', name: 'Ada Mine' })
  await until('an event', async () => (await world.securityEvents.list(call, accountId, { limit: 9 })).items.length > 0)
  signIn(accountId)
  const visited = await world.visit({ path: '/account/data', form: {} })
  assert.equal(visited.status, 200)
  assert.equal(visited.headers?.['content-disposition'], 'attachment; filename="my-data.zip"')
  const entries = await unzipped(visited)
  const account = jsonIn(entries, 'account.json') as { account: Record<string, unknown>; sessions: unknown[] }
  assert.equal(account.account['email'], email)
  assert.equal(account.account['name'], 'Ada Mine')
  assert.equal(account.sessions.length, 1)
  const events = jsonIn(entries, 'security-events.json') as unknown as { type: string }[]
  assert.ok(events.some(({ type }) => type === 'account.created'))
  assert.deepEqual(jsonIn(entries, 'objects/notes.json'), [{ id: 1, text: 'a "quoted" note' }, { id: 2 }])
  const index = jsonIn(entries, 'index.json') as { format: string; version: number; parts: { path: string }[] }
  assert.deepEqual([index.format, index.version], ['ninefold-own-data', 1])
  assert.deepEqual([...entries.keys()].toSorted(), ['index.json', ...index.parts.map(({ path }) => path)].toSorted())
  const text = [...entries.values()].join('\n')
  assert.deepEqual(asked, [
    ['system', accountId, undefined],
    ['system', accountId, 'two'],
  ])
  assert.doesNotMatch(text, /argon2|Someone|someone/)
  assert.ok(!text.includes(other.accountId))
  await until('the download to be told', async () => {
    const { items } = await world.securityEvents.list(call, accountId, { limit: 9 })
    return items.some(({ type }) => type === 'account.data_downloaded')
  })
})

test('has the addresses of before and the end that is to come, and not the mailbox that a thief must not learn', async () => {
  const { accountId } = await world.person({ email: 'first-mailbox@example.org' })
  const download = async () => {
    signIn(accountId)
    const entries = await unzipped(await world.visit({ path: '/account/data', form: {} }))
    return { text: [...entries.values()].join('\n'), account: jsonIn(entries, 'account.json'), entries }
  }
  signIn(accountId)
  await world.visit({ path: '/account/email', form: { email: 'second-mailbox@example.org' }, client: 'a-pseudonym' })
  const token = tokenIn(await world.mailTo('second-mailbox@example.org', 'confirm-new-address'))
  assert.equal((await world.visit({ path: '/account/email/confirm', form: { token }, client: 'a-pseudonym' })).status, 303)
  const changedAt = world.clock.now()
  await world.byMail.addressOffering.offer(call, { email: 'second-mailbox@example.org', to: 'owners-mailbox@example.org' })
  await world.visit({ path: '/account/email', form: { email: 'third-mailbox@example.org' } })
  world.clock.advance(1000)
  await world.leaving.end(call, { email: 'second-mailbox@example.org' })
  await until('what has happened', async () => (await world.securityEvents.list(call, accountId, { limit: 9 })).items.length >= 4)
  const { text, account, entries } = await download()
  const iso = (at: number): string => new Date(at).toISOString()
  assert.deepEqual(account['earlierAddresses'], [
    { address: 'first-mailbox@example.org', changedAt: iso(changedAt), until: iso(changedAt + 7 * 24 * 3_600_000) },
  ])
  const { deletion } = account['account'] as Record<string, unknown>
  assert.deepEqual(deletion, { requestedAt: iso(world.clock.now()), byOperator: true })
  const events = jsonIn(entries, 'security-events.json') as unknown as { type: string; client: string | null }[]
  assert.equal(events.find(({ type }) => type === 'email.changed')?.client, 'a-pseudonym')
  assert.doesNotMatch(text, /owners-mailbox|third-mailbox/)
})

test('is not given to whoever finds an open browser', async () => {
  const { accountId } = await world.person({ email: 'open-browser@example.org' })
  signIn(accountId, 11 * 60_000)
  const before = asked.length
  const visited = await world.visit({ path: '/account/data', form: {} })
  assert.equal(visited.status, 303)
  world.engine.signedInAs = undefined
  assert.equal((await world.visit({ path: '/account/data', form: {} })).status, 303)
  assert.equal(asked.length, before)
})

test('has each file under a safe name, and leaves out one that was removed meanwhile', async (t) => {
  const { accountId } = await world.person({ email: 'with-files@example.org' })
  const names = ['../../etc/passwd', 'a\\b:c*.png', `${'x'.repeat(300)}.jpeg`, ' .hidden. ', 'Gr\u00fc\u00dfe \u{1f600}.txt', 'CON/\u0000']
  held.push(
    ...names.map((name, index) => ({ name: `f${index}-${name}`, open: async () => Readable.from([Buffer.from(`bytes of ${index}`)]) })),
  )
  held.push({ name: 'gone', open: async () => undefined })
  t.after(() => held.splice(0))
  signIn(accountId)
  const entries = await unzipped(await world.visit({ path: '/account/data', form: {} }))
  const paths = [...entries.keys()].filter((path) => path.startsWith('files/'))
  assert.deepEqual(paths, [
    'files/photos/f0-.._.._etc_passwd',
    'files/photos/f1-a_b_c_.png',
    `files/photos/f2-${'x'.repeat(92)}.jpeg`,
    'files/photos/f3- .hidden',
    'files/photos/f4-Gr\u00fc\u00dfe _.txt',
    'files/photos/f5-CON__',
  ])
  assert.equal(String(entries.get('files/photos/f0-.._.._etc_passwd')), 'bytes of 0')
  const list = jsonIn(entries, 'files.json') as unknown as { name: string; path: string }[]
  assert.deepEqual(
    list.map(({ path }) => path),
    [...paths, 'files/photos/gone'],
  )
})

test('a connection that breaks off leaves nothing open', async (t) => {
  const { accountId } = await world.person({ email: 'broken-off@example.org' })
  const opened: Readable[] = []
  const endless = async (): Promise<Readable> => {
    const content = new Readable({ read: () => void content.push(Buffer.alloc(65_536)) })
    opened.push(content)
    return content
  }
  held.push({ name: 'endless', open: endless }, { name: 'next', open: endless })
  t.after(() => held.splice(0))
  signIn(accountId)
  const stream = streamOf(await world.visit({ path: '/account/data', form: {} }))
  let bytes = 0
  for await (const chunk of stream) {
    bytes += (chunk as Buffer).length
    if (bytes > 1_000_000) break
  }
  await until('the file to be closed', async () => opened.length === 1 && opened[0]?.destroyed === true)
})

test('a file that cannot be read breaks the download off, and never makes a whole one of half', async (t) => {
  const { accountId } = await world.person({ email: 'half-read@example.org' })
  held.push({
    name: 'bad',
    open: async () =>
      Readable.from(
        (async function* () {
          yield Buffer.from('begun')
          throw new Error('the disk is away')
        })(),
      ),
  })
  t.after(() => held.splice(0))
  signIn(accountId)
  const stream = streamOf(await world.visit({ path: '/account/data', form: {} }))
  await assert.rejects(buffer(stream), /the disk is away/)
})

/** All of it is a gigabyte; an eighth behaves alike, and is fast enough for every run. */
const BIG_FILES = process.env['NINEFOLD_TEST_WHOLE_DOWNLOAD'] === '1' ? 128 : 16

test(`ten thousand objects and ${BIG_FILES} files of 8 MiB need little memory`, async (t) => {
  const { accountId } = await world.person({ email: 'large@example.org' })
  const FILE_BYTES = 8 * 1024 * 1024
  const block = Buffer.alloc(65_536, 7)
  const one = async (): Promise<Readable> => {
    let left = FILE_BYTES
    return new Readable({
      read() {
        this.push(left > 0 ? block : null)
        left -= block.length
      },
    })
  }
  held.push(...Array.from({ length: BIG_FILES }, (_, index) => ({ name: `${index}.bin`, open: one })))
  many = 10_000
  t.after(() => {
    held.splice(0)
    many = 0
  })
  signIn(accountId)
  const before = process.memoryUsage().rss
  const begun = performance.now()
  let [bytes, most] = [0, 0]
  for await (const chunk of streamOf(await world.visit({ path: '/account/data', form: {} }))) {
    bytes += (chunk as Buffer).length
    most = Math.max(most, process.memoryUsage.rss())
  }
  const grown = Math.round((most - before) / 1_048_576)
  t.diagnostic(`${Math.round(bytes / 1_048_576)} MiB in ${Math.round(performance.now() - begun)} ms, ${grown} MiB more memory at most`)
  assert.ok(bytes > BIG_FILES * FILE_BYTES)
  assert.ok(grown < 200, `${grown} MiB`)
})

test('a person who downloads again and again has to wait, and nothing is read', async () => {
  const { accountId } = await world.person({ email: 'again-and-again@example.org' })
  signIn(accountId)
  for (let round = 0; round < 6; round += 1) await unzipped(await world.visit({ path: '/account/data', form: {} }))
  const before = asked.length
  const refused = await world.visit({ path: '/account/data', form: {} })
  assert.equal(refused.status, 429)
  assert.match(refused.text, /10 minutes/)
  assert.equal(asked.length, before)
})
