import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { after, before, test } from 'node:test'
import { type NameServer, startNameServer } from '../../../test/support/name-server.ts'
import { until } from '../../../test/support/until.ts'
import { askNameServers, askSystem } from './host-lookup.ts'
import { pinAddresses } from './public-address.ts'

const FOUR = '93.184.216.34'
const SIX = '2606:2800:220:1:248:1893:25c8:1946'
const UNANSWERED = 50
let names: NameServer

before(async () => {
  names = await startNameServer({
    'both.test': { addresses: [FOUR, SIX] },
    'six.test': { addresses: [SIX] },
    'other.test': { addresses: [FOUR], alias: 'real.test' },
    'empty.test': { addresses: [] },
    'mixed.test': { addresses: [FOUR, '10.0.0.1'] },
    'broken.test': 'fails',
    ...Object.fromEntries(Array.from({ length: UNANSWERED }, (_, index) => [`silent-${index}.test`, 'is silent'] as const)),
  })
})

after(() => names.stop())

const ask = (host: string, signal = AbortSignal.timeout(10_000)) => askNameServers(host, { nameServers: names.at, signal })

test('finds the addresses of both kinds, behind another name too, and tells no such host from no answer', async () => {
  const four = { address: FOUR, family: 4 }
  assert.deepEqual(await ask('both.test'), [four, { address: SIX, family: 6 }])
  assert.deepEqual(await ask('both.test.'), await ask('BOTH.test'), 'a name is absolute, with or without its last dot')
  assert.deepEqual(await ask('six.test'), [{ address: SIX, family: 6 }])
  assert.deepEqual(await ask('other.test'), [four])
  for (const host of ['empty.test', 'nobody.test', 'a..test', `${'x'.repeat(64)}.test`]) assert.equal(await ask(host), 'unknown', host)
  assert.equal(await ask('broken.test'), 'unanswered')
  assert.equal(await askNameServers('both.test', { nameServers: ['127.0.0.1:1'], signal: AbortSignal.timeout(1000) }), 'unanswered')
  assert.equal(await ask('both.test', AbortSignal.abort()), 'unanswered')
})

test('names that are never answered hold up no other lookup, and end when nobody waits for them any more', async () => {
  const waiting = new AbortController()
  const slow = Array.from({ length: UNANSWERED }, (_, index) => ask(`silent-${index}.test`, waiting.signal))
  await until('all to be asked for', () => new Set(names.asked.filter((name) => name.startsWith('silent-'))).size === UNANSWERED)
  // A lookup by the system takes a thread, of which there are few.
  assert.notEqual(await askSystem('localhost', { signal: AbortSignal.timeout(1500) }), 'unanswered')
  assert.notEqual(await ask('both.test', AbortSignal.timeout(1500)), 'unanswered')
  const began = performance.now()
  waiting.abort()
  assert.deepEqual(new Set(await Promise.all(slow)), new Set(['unanswered']))
  assert.ok(performance.now() - began < 1500, 'at once, and not at the end of their time')
})

test('one host takes one thread, however many wait for it, and nobody waits longer than they want', async () => {
  const wait = (signal = AbortSignal.timeout(10_000)) => askSystem('localhost', { signal })
  const leaving = new AbortController()
  const [first, second, left] = [wait(), wait(), wait(leaving.signal)]
  leaving.abort()
  assert.equal(await left, 'unanswered')
  const found = await first
  assert.equal(await second, found)
  assert.notEqual(await wait(), found, 'what has been answered is asked anew')
})

test('a host that strangers name is asked of the name servers alone, one of the operator of this machine', async (t) => {
  const host = hostname().toLowerCase()
  const signal = AbortSignal.timeout(2000)
  const found = await askSystem(host, { signal })
  if (typeof found === 'string') return t.skip('this machine does not know its own name')
  const pin = (reach: Parameters<typeof pinAddresses>[1]) =>
    pinAddresses(new URL(`https://${host}/`), { ...reach, nameServers: names.at }, signal)
  assert.equal(await pin({}), `The host ${host} is not known.`)
  assert.deepEqual(await pin({ everywhere: true, byOperator: true }), found)
  const written = await pin({ loopback: true })
  assert.notEqual(written, `The host ${host} is not known.`, 'whoever develops may have written it into the hosts file')
})

test('no address is taken of a host that has one inside the network, and what is wrong is said', async () => {
  const pin = (host: string) => pinAddresses(new URL(`https://${host}/`), { nameServers: names.at }, AbortSignal.timeout(5000))
  assert.equal(await pin('mixed.test'), 'mixed.test cannot be fetched: only public addresses by https are.')
  assert.equal(await pin('nobody.test'), 'The host nobody.test is not known.')
  assert.equal(await pin('broken.test'), 'The host broken.test cannot be looked up just now.')
  assert.deepEqual(await pin('six.test'), [{ address: SIX, family: 6 }])
})
