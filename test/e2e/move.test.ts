// Moving house as an operator does it: a command beside the running platform, while people are signed in and write.
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ninefold } from '../support/command.ts'
import { type Person, session, signIn, signUp } from '../support/person.ts'
import { freePortPair, type PlatformProcess, startPlatform } from '../support/platform.ts'
import { type PostgresServer, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'

interface Place {
  readonly name: string
  readonly skip: string | false
  readonly secret?: string
  url(folder: string): Promise<string>
  stop(): Promise<void>
}

let postgres: PostgresServer | undefined
const places: readonly Place[] = [
  { name: 'another SQLite file', skip: false, url: async (folder) => `sqlite:${join(folder, 'other.db')}`, stop: async () => {} },
  {
    name: 'PostgreSQL',
    skip: withoutPostgres,
    secret: 'a-password-to-hide',
    async url() {
      postgres = await startPostgres()
      const url = new URL(postgres.url('moved'))
      url.password = 'a-password-to-hide'
      return url.href
    },
    stop: async () => await postgres?.stop(),
  },
]

for (const place of places) {
  describe(`the platform moves to ${place.name}`, { skip: place.skip }, () => {
    let folder: string
    let to: string
    let platform: PlatformProcess
    let ada: Person
    const written: string[] = []

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'ninefold-move-'))
      to = await place.url(folder)
      platform = await startPlatform({ dataDir: join(folder, 'data'), logLevel: 'info' })
      ada = await signUp(platform, 'ada@example.com')
      await signIn(platform, ada)
    })

    after(async () => {
      await platform?.stop()
      await place.stop()
      await rm(folder, { recursive: true, force: true })
    })

    const line = (command: string, ...words: string[]): string[] => [
      command,
      ...words,
      '--data-dir',
      join(folder, 'data'),
      '--log-level',
      'warn',
    ]

    async function upload(): Promise<void> {
      const { csrfToken } = await session(platform, ada.visitor)
      const headers = {
        'x-csrf-token': csrfToken,
        origin: platform.origin('diary'),
        'sec-fetch-site': 'same-origin',
        'x-file-name': 'sample.jpg',
      }
      const body = await readFile(new URL('../../examples/pixel-diary/sample/evening-sea.jpg', import.meta.url))
      const reply = await ada.visitor.request(new URL(`${platform.origin('diary')}/api/files/photos`), { method: 'POST', headers, body })
      assert.equal(reply.status, 201, reply.body)
      written.push((JSON.parse(reply.body) as { id: string }).id)
    }

    async function assertAllThere(): Promise<void> {
      for (const id of written) {
        const meta = await ada.visitor.request(new URL(`${platform.origin('diary')}/api/files/photos/${id}`), {})
        assert.equal(meta.status, 200, meta.body)
      }
      assert.equal((await session(platform, ada.visitor)).signedIn, true)
    }

    async function again(environment: Readonly<Record<string, string>>): Promise<void> {
      const { port, dataDir } = platform
      await platform.stop()
      platform = await startPlatform({ port, dataDir, environment, logLevel: 'info' })
    }

    test('two platforms on one data folder are refused', async () => {
      const second = await ninefold(line('start', '--port', String(await freePortPair())))
      assert.equal(second.code, 1, second.out)
      assert.match(second.err, /^Another platform runs on the data folder .*data\. Stop that one/)
      assert.equal((await platform.send('diary', { path: '/healthz' })).status, 200)
    })

    test('while a person uploads, and nothing is lost', async () => {
      let running = true
      let slowestMs = 0
      const uploads = (async () => {
        while (running) {
          const startedAt = performance.now()
          await upload()
          slowestMs = Math.max(slowestMs, performance.now() - startedAt)
        }
      })()
      const moved = await ninefold(line('move', '--to', '-'), { input: `${to}\n` })
      running = false
      await uploads
      assert.equal(moved.code, 0, moved.err)
      assert.match(moved.out, /The data is in .*writes waited \d+ ms/)
      assert.doesNotMatch(moved.out, /different/)
      // So little data may be there, or nearly, before the command looks for the first time.
      if (moved.err !== '') assert.match(moved.err, /(?:copying|comparing|switching): .*\[#*-*\] \d+ %/)
      assert.ok(Number(/writes waited (\d+) ms/.exec(moved.out)?.[1]) < 1000)
      await upload()
      await assertAllThere()
      assert.ok(written.length > 1 && slowestMs > 0)
    })

    test('a start with the old setting goes on where the data is, and says so', async () => {
      await again({})
      await until('the log says so', () => /since a move/.test(platform.output()))
      await assertAllThere()
      await upload()
      const status = await ninefold(line('move'))
      assert.match(status.out, /The data is in .* follows/)
      const early = await ninefold(line('move', '--finish'))
      assert.equal(early.code, 1)
      assert.match(early.err, /Set NINEFOLD_DATABASE_URL to where the data is/)
    })

    test('goes back, and forth again', async () => {
      const back = await ninefold(line('move', '--back'))
      assert.equal(back.code, 0, back.err)
      assert.doesNotMatch(back.out, /different/)
      await assertAllThere()
      await upload()
      const forth = await ninefold(line('move', '--back'))
      assert.equal(forth.code, 0, forth.err)
      await assertAllThere()
    })

    test('is finished once the setting names the new place; the old one then refuses to be started', async () => {
      await again({ NINEFOLD_DATABASE_URL: to })
      await upload()
      const finished = await ninefold(line('move', '--finish'), { environment: { NINEFOLD_DATABASE_URL: to } })
      assert.equal(finished.code, 0, finished.err)
      assert.match(finished.out, /No other database follows/)
      await again({ NINEFOLD_DATABASE_URL: to })
      await assertAllThere()
      await platform.stop()
      const old = await ninefold(line('start', '--port', String(platform.port)))
      assert.equal(old.code, 1, old.out)
      assert.match(old.err, /^The data of sqlite:.*main\.db has moved to .*Set NINEFOLD_DATABASE_URL/)
      if (place.secret !== undefined) await assertHidden(place.secret, old.err)
    })

    test('without a running platform the command does it by itself', async () => {
      const home = `sqlite:${join(folder, 'home.db')}`
      const moved = await ninefold(line('move', '--to', home), { environment: { NINEFOLD_DATABASE_URL: to } })
      assert.equal(moved.code, 0, moved.err)
      platform = await startPlatform({ port: platform.port, dataDir: platform.dataDir, environment: { NINEFOLD_DATABASE_URL: home } })
      await assertAllThere()
    })

    /** No password is printed, and none is in a file of the data folder. */
    async function assertHidden(secret: string, printed: string): Promise<void> {
      assert.ok(!`${printed}${platform.output()}`.includes(secret))
      const entries = await readdir(join(folder, 'data'), { recursive: true })
      for (const entry of entries) {
        const path = join(folder, 'data', entry)
        if ((await stat(path)).isFile()) assert.ok(!(await readFile(path)).includes(secret), entry)
      }
    }
  })
}
