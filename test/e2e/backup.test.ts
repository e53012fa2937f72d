// The drill: a backup of a platform that people use, brought back on an empty machine, where they sign in as if nothing had happened.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ninefold } from '../support/command.ts'
import { type Person, session, signIn, signUp } from '../support/person.ts'
import { freePortPair, type PlatformProcess, startPlatform } from '../support/platform.ts'
import { startPostgres, withoutPostgres } from '../support/postgres.ts'
import { Visitor } from '../support/visitor.ts'

const KEYS = { NINEFOLD_BACKUP_KEY: 'a passphrase of the drill', NINEFOLD_BACKUP_KEYS_KEY: 'one more for the master key' }

interface Photo {
  readonly caption: string
  readonly imageUrl: string
}

describe('the drill', () => {
  let folder: string
  let platform: PlatformProcess
  let ada: Person
  const captions: string[] = []
  const image = new URL('../../examples/pixel-diary/sample/evening-sea.jpg', import.meta.url)

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ninefold-drill-'))
    platform = await startPlatform({ dataDir: join(folder, 'data'), environment: KEYS })
    ada = await signUp(platform, 'ada@example.com')
    await signIn(platform, ada)
    await post('the first')
  })

  after(async () => {
    await platform?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  async function send(path: string, body: string | Uint8Array): Promise<string> {
    const { csrfToken } = await session(platform, ada.visitor)
    const headers = { 'x-csrf-token': csrfToken, origin: platform.origin('diary'), 'sec-fetch-site': 'same-origin' }
    const type = typeof body === 'string' ? { 'content-type': 'application/json' } : { 'x-file-name': 'sample.jpg' }
    const reply = await ada.visitor.request(new URL(platform.origin('diary') + path), {
      method: 'POST',
      headers: { ...headers, ...type },
      body,
    })
    assert.equal(reply.status, 201, reply.body)
    return (JSON.parse(reply.body) as { id: string }).id
  }

  async function post(caption: string): Promise<void> {
    const id = await send('/api/files/photos', await readFile(image))
    await send('/api/photos', JSON.stringify({ caption, image: id, visibility: 'private' }))
    captions.push(caption)
  }

  const line = (command: string, data: string, ...words: string[]): string[] => [
    command,
    ...words,
    '--data-dir',
    join(folder, data),
    '--log-level',
    'warn',
  ]

  test('a backup is made while a person writes', async () => {
    let running = true
    const posting = (async () => {
      for (let turn = 0; running; turn += 1) await post(`meanwhile ${turn}`)
    })()
    const made = await ninefold(line('backup', 'data', '--to', join(folder, 'kept')), { environment: KEYS })
    const before = [...captions]
    running = false
    await posting
    assert.equal(made.code, 0, made.err)
    assert.match(made.out, /The master key is in it/)
    assert.ok(before.includes('the first'))
    const checked = await ninefold(line('backup', 'nowhere', '--verify', '--from', join(folder, 'kept')), { environment: KEYS })
    assert.equal(checked.code, 0, checked.err)
    assert.match(checked.out, /is whole/)
    assert.ok(!existsSync(join(folder, 'nowhere')), 'looking leaves nothing')
    const two = ['--from', join(folder, 'kept'), '--to', join(folder, 'kept')]
    assert.match((await ninefold(line('backup', 'nowhere', '--verify', ...two), { environment: KEYS })).err, /--from and --to both name/)
    for (const entry of await readdir(join(folder, 'kept'), { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) assert.equal((await stat(join(entry.parentPath, entry.name))).mode & 0o077, 0, entry.name)
    }
  })

  test('a backup without a key is refused', async () => {
    const refused = await ninefold(line('backup', 'empty', '--to', join(folder, 'never')))
    assert.equal(refused.code, 1)
    assert.match(refused.err, /^A backup needs a key: set NINEFOLD_BACKUP_KEY/)
  })

  test('a restore is refused with wrong keys, and over data that is there', async () => {
    const from = ['--from', join(folder, 'kept')]
    const wrong = await ninefold(line('restore', 'wrong', ...from), { environment: { NINEFOLD_BACKUP_KEY: 'a wrong one' } })
    assert.match(wrong.err, /manifest was changed, or the backup key is another one/)
    const half = await ninefold(line('restore', 'wrong', ...from), { environment: { NINEFOLD_BACKUP_KEY: KEYS.NINEFOLD_BACKUP_KEY } })
    assert.match(half.err, /The master key is in the backup: set NINEFOLD_BACKUP_KEYS_KEY/)
    const other = { ...KEYS, NINEFOLD_MASTER_KEY: createHash('sha256').update('another').digest('base64url') }
    assert.match(
      (await ninefold(line('restore', 'wrong', ...from), { environment: other })).err,
      /is not the one that the backup was made with/,
    )
    const over = await ninefold(line('restore', 'data', ...from), { environment: KEYS })
    assert.match(over.err, /Another platform runs on the data folder/)
  })

  test('the master key comes out of a backup with the keys key, on a machine of production that has none', async () => {
    const production = {
      NINEFOLD_MODE: 'production',
      NINEFOLD_DOMAIN: 'diary.example',
      NINEFOLD_JOBS_SMTP_URL: 'smtp://localhost:9',
      NINEFOLD_GATEWAY_TRUSTED_PROXIES: '127.0.0.1',
      NINEFOLD_MASTER_KEY_FILE: join(folder, 'not-there'),
    }
    const recover = line('keys', 'nowhere', 'recover', '--from', join(folder, 'kept'))
    const found = await ninefold(recover, { environment: { ...KEYS, ...production } })
    assert.equal(found.out, await readFile(join(folder, 'data', 'keys', 'master.key'), 'utf8'), found.err)
    const wrong = await ninefold(recover, { environment: { ...KEYS, ...production, NINEFOLD_BACKUP_KEYS_KEY: KEYS.NINEFOLD_BACKUP_KEY } })
    assert.deepEqual([wrong.code, wrong.out], [1, ''])
    assert.match(wrong.err, /the keys key is another one/)
    const nowhere = await ninefold(line('keys', 'nowhere', 'recover', '--from', join(folder, 'kept-elsewhere')), {
      environment: { ...KEYS, ...production },
    })
    assert.match(nowhere.err, /There is no backup in .*kept-elsewhere/, 'who has mistyped the folder must not believe that the key is lost')
  })

  test('a platform that has never been started has a backup of nothing', async () => {
    const made = await ninefold(line('backup', 'unused', '--to', join(folder, 'of-nothing')), { environment: KEYS })
    assert.equal(made.code, 0, made.err)
  })

  test('a backup whose master key is lost comes back without it, and says what comes next', async () => {
    const environment = {
      NINEFOLD_BACKUP_KEY: KEYS.NINEFOLD_BACKUP_KEY,
      NINEFOLD_MASTER_KEY: createHash('sha256').update('another').digest('base64url'),
    }
    const restored = await ninefold(line('restore', 'keyless', '--without-master-key', '--from', join(folder, 'kept')), { environment })
    assert.equal(restored.code, 0, restored.err)
    assert.match(restored.err, /Say "ninefold keys begin-anew" before the start/)
    const told = await ninefold(line('keys', 'keyless', 'begin-anew'), { environment })
    assert.match(told.err, /signing keys of tokens: 2\n/)
    const beside = await ninefold(line('keys', 'data', 'begin-anew', '--confirm'), { environment: KEYS })
    assert.match(beside.err, /Another platform runs on the data folder/, 'and not beside one that has its key')
  })

  for (const target of ['SQLite', 'PostgreSQL'] as const) {
    test(`on an empty machine with ${target}, and a person signs in`, { skip: target === 'PostgreSQL' && withoutPostgres }, async () => {
      const postgres = target === 'PostgreSQL' ? await startPostgres() : undefined
      const environment = { ...KEYS, ...(postgres === undefined ? {} : { NINEFOLD_DATABASE_URL: postgres.url('restored') }) }
      const data = `restored-${target}`
      const restored = await ninefold(line('restore', data, '--from', join(folder, 'kept')), { environment })
      assert.equal(restored.code, 0, restored.err)
      assert.match(restored.out, /Every checksum is what the manifest says/)
      const twice = await ninefold(line('restore', data, '--from', join(folder, 'kept')), { environment })
      assert.match(twice.err, /There is data already/)
      const replaced = await ninefold(line('restore', data, '--replace', '--from', join(folder, 'kept')), { environment })
      assert.equal(replaced.code, 0, replaced.err)
      const port = await freePortPair()
      const other = await startPlatform({ dataDir: join(folder, data), port, environment })
      try {
        const visitor = new Visitor(port)
        const page = await signIn(other, { visitor, email: ada.email })
        assert.equal(page.url.origin, other.origin('diary'), 'the password is good')
        const { account } = JSON.parse(
          (await visitor.request(new URL(`${other.origin('diary')}/session`), { headers: { 'sec-fetch-site': 'same-origin' } })).body,
        ) as {
          account: { id: string }
        }
        const list = await visitor.request(new URL(`${other.origin('diary')}/api/photos?ownerId=${account.id}&limit=100`), {})
        const { items } = JSON.parse(list.body) as { items: Photo[] }
        const names = items.map(({ caption }) => caption)
        assert.ok(names.includes('the first'))
        assert.deepEqual(
          names.toSorted(),
          captions.slice(0, names.length).toSorted(),
          'what was posted before its moment, and nothing else',
        )
        for (const { imageUrl } of items) {
          const { pathname, search } = new URL(imageUrl)
          assert.equal((await other.send('files', { path: pathname + search })).status, 200)
        }
        assert.deepEqual(JSON.parse((await other.send('diary', { path: '/readyz' })).body), { status: 'ok', failing: [] })
      } finally {
        await other.stop()
        await postgres?.stop()
      }
    })
  }
})
