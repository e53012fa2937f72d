// What every cache driver must do. A function over a driver; an exemption needs a reason, and is tested to be true.
import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import type { Cache } from '../../src/cache/contract.ts'
import { eventually, type TestClock, testClock } from '../support/database.ts'
import { contractTest, type Exemption } from '../support/exemptions.ts'

const call = systemCall('cache-contract')

export function cacheContract(name: string, open: (clock: TestClock) => Cache, exemptions: readonly Exemption[] = []): void {
  const testWith = (title: string, body: (cache: Cache, clock: TestClock) => Promise<void>): void => {
    const run = async (): Promise<void> => {
      const clock = testClock()
      await body(open(clock), clock)
    }
    contractTest(title, run, exemptions)
  }
  describe(`cache contract: ${name}`, () => {
    valueTests(testWith)
    counterTests(testWith)
    messageTests(testWith)
  })
}

type TestWith = (title: string, body: (cache: Cache, clock: TestClock) => Promise<void>) => void

function valueTests(testWith: TestWith): void {
  testWith('get finds what set stored, until its time is over', async (cache, clock) => {
    assert.equal(await cache.get(call, 'key'), undefined)
    await cache.set(call, 'key', 'value', { ttlMs: 1000 })
    assert.equal(await cache.get(call, 'key'), 'value')
    clock.advance(500)
    await cache.set(call, 'key', 'newer', { ttlMs: 1000 })
    clock.advance(999)
    assert.equal(await cache.get(call, 'key'), 'newer')
    clock.advance(2)
    assert.equal(await cache.get(call, 'key'), undefined)
  })

  testWith('reading does not lengthen a life', async (cache, clock) => {
    await cache.set(call, 'key', 'value', { ttlMs: 100 })
    for (let step = 0; step < 3; step += 1) {
      clock.advance(40)
      await cache.get(call, 'key')
    }
    assert.equal(await cache.get(call, 'key'), undefined)
  })

  testWith('one of fifty parallel adds wins, and another one when its time is over', async (cache, clock) => {
    const race = async (): Promise<number> => {
      const tries = await Promise.all(Array.from({ length: 50 }, (_, number) => cache.add(call, 'key', `${number}`, { ttlMs: 1000 })))
      return tries.filter(Boolean).length
    }
    assert.equal(await race(), 1)
    assert.equal(await race(), 0)
    clock.advance(1001)
    assert.equal(await race(), 1)
  })

  testWith('a refused add changes neither the value nor its time', async (cache, clock) => {
    await cache.add(call, 'key', 'first', { ttlMs: 1000 })
    clock.advance(900)
    assert.equal(await cache.add(call, 'key', 'second', { ttlMs: 1000 }), false)
    assert.equal(await cache.get(call, 'key'), 'first')
    clock.advance(101)
    assert.equal(await cache.get(call, 'key'), undefined)
  })

  testWith('delete removes, and makes room for add', async (cache) => {
    await cache.set(call, 'key', 'value', { ttlMs: 1000 })
    await cache.delete(call, 'key')
    await cache.delete(call, 'never there')
    assert.equal(await cache.get(call, 'key'), undefined)
    assert.equal(await cache.add(call, 'key', 'again', { ttlMs: 1000 }), true)
  })

  testWith('keys and values are any text, empty too', async (cache) => {
    const texts = ['', 'a\r\nDEL *', '\u0000', '\u{1f30a}', '__proto__', 'x'.repeat(10_000)]
    for (const text of texts) await cache.set(call, `key ${text}`, text, { ttlMs: 1000 })
    for (const text of texts) assert.equal(await cache.get(call, `key ${text}`), text)
  })

  testWith('refuses a value without a lifetime', async (cache) => {
    for (const ttlMs of [0, -1, Number.NaN]) await assert.rejects(cache.set(call, 'key', 'value', { ttlMs }))
    assert.equal(await cache.get(call, 'key'), undefined)
  })
}

function counterTests(testWith: TestWith): void {
  testWith('fifty parallel increments all count', async (cache) => {
    const sums = await Promise.all(Array.from({ length: 50 }, () => cache.increment(call, 'key', { by: 2, ttlMs: 1000 })))
    assert.deepEqual(
      sums.toSorted((a, b) => a - b),
      Array.from({ length: 50 }, (_, number) => (number + 1) * 2),
    )
    assert.equal(await cache.get(call, 'key'), '100')
  })

  testWith('the window of a counter begins at its first increment', async (cache, clock) => {
    await cache.increment(call, 'key', { by: 1, ttlMs: 1000 })
    clock.advance(999)
    assert.equal(await cache.increment(call, 'key', { by: 1, ttlMs: 1000 }), 2)
    clock.advance(1)
    await cache.increment(call, 'key', { by: 1, ttlMs: 1000 })
    clock.advance(2)
    assert.equal(await cache.increment(call, 'key', { by: -5, ttlMs: 1000 }), -5)
  })

  testWith('text cannot be counted, and stays', async (cache) => {
    for (const text of ['text', '']) {
      await cache.set(call, 'key', text, { ttlMs: 1000 })
      await assert.rejects(cache.increment(call, 'key', { by: 1, ttlMs: 1000 }), { code: 'cache.not_a_number' })
      assert.equal(await cache.get(call, 'key'), text)
    }
  })
}

function messageTests(testWith: TestWith): void {
  testWith('a message reaches those who listen to its channel now, and only them', async (cache) => {
    const [first, second, other]: [string[], string[], string[]] = [[], [], []]
    await cache.publish(call, 'news', 'too early')
    const leave = cache.subscribe('news', (message) => first.push(message))
    cache.subscribe('news', (message) => second.push(message))
    cache.subscribe('weather', (message) => other.push(message))
    await cache.publish(call, 'news', '1')
    await eventually(() => first.length === 1 && second.length === 1, 'both listeners have the first message')
    leave()
    await cache.publish(call, 'news', '2')
    await eventually(() => second.length === 2, 'the second listener has the second message')
    assert.deepEqual([first, second, other], [['1'], ['1', '2'], []])
  })

  testWith('a listener that throws harms neither the publisher nor the others', async (cache) => {
    const seen: string[] = []
    cache.subscribe('news', () => {
      throw new Error('a listener that throws')
    })
    cache.subscribe('news', (message) => seen.push(message))
    await cache.publish(call, 'news', '1')
    await eventually(() => seen.length === 1, 'the other listener has the message')
  })
}
