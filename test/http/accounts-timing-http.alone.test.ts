// The same over HTTP, with real hashes and everything that a request passes: nobody can tell by the clock whether an address has an account.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { assertAlike, interleaved } from '../support/rank.ts'
import { formsOf, type Page, Visitor } from '../support/visitor.ts'

const MOST = 0.55
const KNOWN = 45
/** So many wrong tries in a row are not slowed down. */
const TRIES = 4

let platform: PlatformProcess
let clients = 0

before(async () => {
  platform = await startPlatform({
    environment: { NINEFOLD_GATEWAY_RATE_LIMIT_FACTOR: '1000000', NINEFOLD_GATEWAY_TRUSTED_PROXIES: '127.0.0.1' },
  })
})

after(() => platform.stop({ remove: true }))

async function people(prefix: string, count: number): Promise<string[]> {
  const emails = Array.from({ length: count }, (_, index) => `${prefix}-${index}@example.org`)
  for (const email of emails) await signUp(platform, email)
  return emails
}

/** Another client address each time, as somebody would who tries many. */
function otherAddress(): string {
  clients += 1
  return `198.51.${Math.floor(clients / 250) % 250}.${(clients % 250) + 1}`
}

/** Sends the form of a page as a browser does, with what was typed. */
function poster(visitor: Visitor, page: Page): (typed: Record<string, string>) => Promise<Page> {
  const form = formsOf(page.body).find((one) => one.names.includes('password'))
  assert.ok(form !== undefined, page.body)
  const url = new URL(form.action, page.url)
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    origin: url.origin,
    'sec-fetch-site': 'same-origin',
    accept: 'text/html',
  }
  return (typed) =>
    visitor.request(url, {
      method: 'POST',
      headers: { ...headers, 'x-forwarded-for': otherAddress() },
      body: new URLSearchParams({ ...form.hidden, ...typed }).toString(),
    })
}

test('a refused sign-in takes as long for a known address as for an unknown one, over HTTP', async (t) => {
  const visitor = new Visitor(platform.port)
  const post = poster(visitor, await visitor.visit(`${platform.origin('accounts')}/account`))
  const ask = async (email: string): Promise<void> => {
    const reply = await post({ email, password: 'not the password' })
    assert.equal(reply.status, 422, reply.body)
  }
  for (let index = 0; index < 20; index += 1) await ask(`warm-up-${index}@example.org`)
  let round = 0
  await assertAlike(t, MOST, async () => {
    round += 1
    const known = await people(`known-${round}`, KNOWN)
    return interleaved(KNOWN * TRIES, {
      left: (pair) => ask(known[pair % KNOWN] ?? ''),
      right: (pair) => ask(`other-${round}-${pair % KNOWN}@example.org`),
    })
  })
})

test('a sign-up takes as long for a known address as for an unknown one, and answers alike, over HTTP', async (t) => {
  const visitor = new Visitor(platform.port)
  const post = poster(visitor, await visitor.visit(`${platform.origin('accounts')}/sign-up`))
  const [taken] = await people('taken', 1)
  const shapes = new Set<string>()
  const ask = async (email: string): Promise<void> => {
    const { status, headers, body } = await post({ email, name: 'Grace', password: 'a long enough one' })
    assert.equal(status, 303, body)
    const steady = Object.entries(headers).map(([name, value]) => [
      name,
      /^(date|x-request-id|request-id|ratelimit|content-security-policy)/.test(name) ? '' : value,
    ])
    shapes.add(JSON.stringify([status, steady, body]))
  }
  for (let index = 0; index < 20; index += 1) await ask(`warm-up-${index}@example.org`)
  await assertAlike(t, MOST, () => interleaved(KNOWN * TRIES, { left: () => ask(taken ?? ''), right: () => ask('nobody-yet@example.org') }))
  assert.equal(shapes.size, 1, [...shapes].join('\n'))
})
