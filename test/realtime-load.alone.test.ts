// Ten thousand idle subscribers, half by event stream and half by WebSocket, each on a query of its own: what they cost, and how fast one is told.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { session, signIn, signUp } from './support/person.ts'
import { type PlatformProcess, startPlatform } from './support/platform.ts'
import { until } from './support/until.ts'

const COUNT = Number(process.env['NINEFOLD_TEST_SUBSCRIBERS'] ?? 10_000)
/** For ten thousand; what each costs is what counts. */
const MAX_GROWTH_MB = 300
const AT_ONCE = 200
/** One address may hold 600 connections that last. */
const PER_ADDRESS = 500

function withoutRoom(): string | false {
  if (process.platform !== 'linux') return 'memory is read from /proc, and the loopback has one address only'
  const files = Number(execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim().replace('unlimited', '1e9'))
  return files > COUNT + 500 ? false : `ulimit -n is ${files}, and ${COUNT} connections need more`
}

function residentMb(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) / 1024
}

/** A text frame from a client (RFC 6455 section 5.2), with a mask of zeros. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text)
  const head =
    payload.length < 126 ? Buffer.from([0x81, 0x80 | payload.length]) : Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 255])
  return Buffer.concat([head, Buffer.alloc(4), payload])
}

class Subscriber {
  readonly profile: string
  readonly socket: Socket
  text = ''

  constructor(platform: PlatformProcess, index: number) {
    this.profile = `profile-${index}`
    const isSocket = index % 2 === 1
    const path = isSocket ? '/api/realtime' : `/api/comments/events?profileId=${this.profile}`
    const upgrade = [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ]
    const lines = [`GET ${path} HTTP/1.1`, `Host: diary.localhost:${platform.port}`, ...(isSocket ? upgrade : []), '', '']
    this.socket = connect({ host: '127.0.0.1', port: platform.port, localAddress: `127.0.0.${2 + Math.floor(index / PER_ADDRESS)}` })
    this.socket.write(lines.join('\r\n'))
    let asked = !isSocket
    this.socket.setEncoding('latin1').on('data', (chunk: string) => {
      this.text += chunk
      if (asked) return
      asked = true
      this.socket.write(
        frame(JSON.stringify({ type: 'subscribe', subscription: 'a', resource: 'comments', where: { profileId: this.profile } })),
      )
    })
    this.socket.on('error', () => {})
  }

  ready(): Promise<unknown> {
    return until(`a subscription, not ${this.text.slice(0, 300)}`, () => /event: ready|"type":"ready"/.test(this.text))
  }

  get isTold(): boolean {
    return /event: created|"type":"created"/.test(this.text)
  }
}

test(`${COUNT} idle subscribers cost under ${MAX_GROWTH_MB} MB, and one is told at once`, {
  skip: withoutRoom(),
  timeout: 120_000,
}, async (t) => {
  const platform = await startPlatform()
  const all: Subscriber[] = []
  t.after(async () => {
    for (const { socket } of all) socket.destroy()
    await platform.stop({ remove: true })
  })
  const ada = await signUp(platform, 'ada@example.com')
  await signIn(platform, ada)
  const { csrfToken } = await session(platform, ada.visitor)
  const say = async (profileId: string): Promise<void> => {
    const reply = await ada.visitor.request(new URL(`${platform.origin('diary')}/api/comments`), {
      method: 'POST',
      headers: {
        'x-csrf-token': csrfToken,
        'sec-fetch-site': 'same-origin',
        origin: platform.origin('diary'),
        'content-type': 'application/json',
      },
      body: JSON.stringify({ profileId, text: 'Lovely' }),
    })
    assert.equal(reply.status, 201, reply.body)
  }
  await say('nobody')
  const before = residentMb(platform.pid)
  const started = performance.now()
  while (all.length < COUNT) {
    const some = Array.from({ length: Math.min(AT_ONCE, COUNT - all.length) }, (_, index) => new Subscriber(platform, all.length + index))
    all.push(...some)
    await Promise.all(some.map(async (each) => await each.ready()))
  }
  const seconds = (performance.now() - started) / 1000
  // The collector may tidy up; what is still there afterwards is the price.
  await new Promise((done) => setTimeout(done, 3000))
  const growth = residentMb(platform.pid) - before
  const chosen = [0, 1, Math.floor(COUNT / 2), COUNT - 1].map((index) => all[index])
  const delays: number[] = []
  for (const one of chosen) {
    assert.ok(one !== undefined)
    const said = performance.now()
    await say(one.profile)
    await until('the news', () => one.isTold)
    delays.push(performance.now() - said)
  }
  t.diagnostic(
    `${COUNT} subscribers in ${seconds.toFixed(1)} s, ${growth.toFixed(0)} MB more (${((growth * 1024) / COUNT).toFixed(1)} KB each); told ${delays.map((ms) => ms.toFixed(0)).join(', ')} ms after the request began`,
  )
  assert.equal(all.filter((each) => each.isTold).length, chosen.length)
  assert.ok(growth < (MAX_GROWTH_MB * COUNT) / 10_000, `grew by ${growth.toFixed(0)} MB`)
  assert.ok(Math.max(...delays) < 1000, `told after ${Math.max(...delays)} ms`)
})
