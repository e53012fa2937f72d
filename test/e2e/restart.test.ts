// What is left when the process ends, in order or not: everything that was answered with success, and nothing that was taken back.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type Person, session, signIn, signUp } from '../support/person.ts'
import { freePortPair, type PlatformProcess, startPlatform } from '../support/platform.ts'
import { startSmtpSink } from '../support/smtp-sink.ts'
import { refresh, thirdPartyTokens, type Tokens } from '../support/third-party.ts'
import { until } from '../support/until.ts'
import { formsOf, type Page, Visitor } from '../support/visitor.ts'

const sample = (name: string): URL => new URL(`../../examples/pixel-diary/sample/${name}`, import.meta.url)
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

interface Photo {
  readonly id: string
  readonly caption: string
  readonly imageUrl: string
}

describe('a platform that is started again on its data', () => {
  let platform: PlatformProcess
  let ada: Person
  let bob: Person
  let kept: Tokens
  let revoked: Tokens
  const sums = new Map<string, string>()

  const diary = (
    person: Person,
    path: string,
    change: { method?: string; headers?: Record<string, string>; body?: string | Uint8Array } = {},
  ): Promise<Page> => person.visitor.request(new URL(platform.origin('diary') + path), change)

  async function send(person: Person, path: string, body: string | Uint8Array): Promise<Page> {
    const { csrfToken } = await session(platform, person.visitor)
    const headers = { 'x-csrf-token': csrfToken, origin: platform.origin('diary'), 'sec-fetch-site': 'same-origin' }
    const type = typeof body === 'string' ? { 'content-type': 'application/json' } : { 'x-file-name': 'sample.jpg' }
    const reply = await diary(person, path, { method: 'POST', headers: { ...headers, ...type }, body })
    assert.equal(reply.status, 201, reply.body)
    return reply
  }

  async function upload(name: string): Promise<void> {
    const bytes = await readFile(sample(name))
    const { id } = JSON.parse((await send(ada, '/api/files/photos', bytes)).body) as { id: string }
    await send(ada, '/api/photos', JSON.stringify({ caption: name, image: id, visibility: 'private' }))
    sums.set(name, sha256(bytes))
  }

  async function revokeShop({ visitor }: Person): Promise<void> {
    const account = await visitor.visit(`${platform.origin('accounts')}/account`)
    const form = formsOf(account.body).find(({ action, hidden }) => action.endsWith('/apps/revoke') && hidden['client_id'] === 'print-shop')
    assert.ok(form, account.body)
    const done = await visitor.request(new URL(form.action, account.url), {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: account.url.origin, 'sec-fetch-site': 'same-origin' },
      body: new URLSearchParams(form.hidden).toString(),
    })
    assert.equal(done.status, 303, done.body)
  }

  before(async () => {
    platform = await startPlatform()
    ada = await signUp(platform, 'ada@example.com')
    bob = await signUp(platform, 'bob@example.com')
    await signIn(platform, ada)
    await signIn(platform, bob)
    await upload('evening-sea.jpg')
    kept = await thirdPartyTokens(platform, ada)
    revoked = await thirdPartyTokens(platform, bob)
    await revokeShop(bob)
  })

  after(async () => {
    await platform?.stop({ remove: true })
  })

  async function again(signal: NodeJS.Signals): Promise<void> {
    const { port, dataDir } = platform
    await platform.stop({ signal })
    platform = await startPlatform({ port, dataDir })
  }

  /** The promise, whatever the end was like. */
  async function assertAllThere(): Promise<void> {
    const shown = JSON.parse((await diary(ada, '/session')).body) as { signedIn: boolean; account: { id: string } }
    assert.equal(shown.signedIn, true, 'the session cookie is good')
    const list = await diary(ada, `/api/photos?ownerId=${shown.account.id}`)
    assert.equal(list.status, 200, list.body)
    const { items } = JSON.parse(list.body) as { items: Photo[] }
    assert.deepEqual(items.map(({ caption }) => caption).toSorted(), [...sums.keys()].toSorted())
    for (const { caption, imageUrl } of items) {
      const { pathname, search } = new URL(imageUrl)
      const file = await platform.send('files', { path: pathname + search })
      assert.equal(sha256(file.bytes), sums.get(caption), caption)
    }
    const renewed = await refresh(platform, kept.refresh_token ?? '')
    assert.equal(renewed.status, 200, renewed.body)
    kept = JSON.parse(renewed.body) as Tokens
    const authorization = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })
    assert.equal((await platform.send('diary', { path: '/api/photos', headers: authorization(kept.access_token) })).status, 200)
    assert.equal((await platform.send('diary', { path: '/api/photos', headers: authorization(revoked.access_token) })).status, 401)
    assert.match((await refresh(platform, revoked.refresh_token ?? '')).body, /invalid_grant/)
    const newcomer = { visitor: new Visitor(platform.port), email: ada.email }
    assert.equal((await signIn(platform, newcomer)).url.origin, platform.origin('diary'), 'the password is good')
    assert.deepEqual(JSON.parse((await platform.send('diary', { path: '/readyz' })).body), { status: 'ok', failing: [] })
  }

  test('has everything after SIGTERM', async () => {
    await again('SIGTERM')
    await assertAllThere()
  })

  test('has everything that was acknowledged the moment before kill -9', async () => {
    await upload('apple-meadow.jpg')
    await again('SIGKILL')
    await assertAllThere()
  })

  test('has a session whose tokens were rotated just before kill -9', async () => {
    const { csrfToken } = await session(platform, ada.visitor)
    const headers = { 'x-csrf-token': csrfToken, origin: platform.origin('diary'), 'sec-fetch-site': 'same-origin' }
    const renewed = await diary(ada, '/session/refresh', { method: 'POST', headers })
    assert.equal(renewed.status, 200, renewed.body)
    await again('SIGKILL')
    await assertAllThere()
    assert.equal((await diary(ada, '/session/refresh', { method: 'POST', headers })).status, 200)
  })

  test('keeps nobody in who was signed out just before kill -9', async () => {
    const { csrfToken } = await session(platform, bob.visitor)
    const cookie = bob.visitor.jar(new URL(platform.origin('diary')).host).header()
    const headers = { 'x-csrf-token': csrfToken, origin: platform.origin('diary'), 'sec-fetch-site': 'same-origin' }
    assert.equal((await diary(bob, '/session/sign-out', { method: 'POST', headers })).status, 200)
    await again('SIGKILL')
    const replay = await platform.send('diary', { path: '/session', headers: { cookie } })
    assert.equal((JSON.parse(replay.body) as { signedIn: boolean }).signedIn, false, replay.body)
  })

  test('finishes a request that is under way when SIGTERM comes, and takes no new one', async () => {
    const bytes = await readFile(sample('rain-and-tea.jpg'))
    const { csrfToken } = await session(platform, ada.visitor)
    const { host } = new URL(platform.origin('diary'))
    const lines = [
      'POST /api/files/photos HTTP/1.1',
      `Host: ${host}`,
      `Cookie: ${ada.visitor.jar(host).header()}`,
      `X-CSRF-Token: ${csrfToken}`,
      `Origin: ${platform.origin('diary')}`,
      'Sec-Fetch-Site: same-origin',
      'X-File-Name: rain.jpg',
      `Content-Length: ${bytes.length}`,
    ]
    const socket = connect(platform.port, '127.0.0.1')
    let answer = ''
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString()
    })
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    socket.write(bytes.subarray(0, 1000))
    await until('the upload to be under way', async () => (await diary(ada, '/session')).status === 200)
    const { port, dataDir } = platform
    const stopped = platform.stop()
    await until('the door to be shut', async () => !(await isOpen(port)))
    assert.equal(answer, '')
    socket.write(bytes.subarray(1000))
    await once(socket, 'close')
    assert.match(answer, /^HTTP\/1\.1 201 /)
    assert.match(answer, /connection: close/i)
    await stopped
    platform = await startPlatform({ port, dataDir })
    const { id } = JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1)) as { id: string }
    const meta = await diary(ada, `/api/files/photos/${id}`)
    assert.equal((JSON.parse(meta.body) as { sha256: string }).sha256, sha256(bytes), meta.body)
  })
})

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const open = await new Promise<boolean>((done) => {
    socket.once('connect', () => done(true))
    socket.once('error', () => done(false))
  })
  socket.destroy()
  return open
}

test('mail that could not be sent before kill -9 is sent after it, once', async () => {
  const sink = await startSmtpSink()
  const mailServer = (port: number): Record<string, string> => ({ NINEFOLD_JOBS_SMTP_URL: `smtp://127.0.0.1:${port}` })
  // Nobody listens there.
  let platform = await startPlatform({ environment: mailServer(await freePortPair()) })
  try {
    const visitor = new Visitor(platform.port)
    const form = await visitor.visit(`${platform.origin('accounts')}/sign-up`)
    await visitor.submit(form, { email: 'cleo@example.com', name: 'Cleo', password: 'correct horse battery staple' })
    const { port, dataDir } = platform
    await platform.stop({ signal: 'SIGKILL' })
    platform = await startPlatform({ port, dataDir, environment: mailServer(sink.port) })
    // Had it died in the middle of a try, the lease of half a minute would have to end first.
    const deadline = Date.now() + 45_000
    while (sink.mails.length === 0 && Date.now() < deadline) await new Promise((done) => setTimeout(done, 100))
    await platform.stop()
    assert.deepEqual(
      sink.mails.map(({ to }) => to),
      [['cleo@example.com']],
    )
    const link = /http\S+\/confirm\?token=3D([\w-]+)|http\S+\/confirm\?token=([\w-]+)/.exec(
      sink.mails[0]?.source.replaceAll('=\r\n', '') ?? '',
    )
    assert.ok(link, sink.mails[0]?.source)
  } finally {
    await platform.stop({ remove: true })
    await sink.stop()
  }
})
