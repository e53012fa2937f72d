import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Outbox, type Sender } from './outbox.ts'
import type { Message, MessageKind } from './view.ts'

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an outbox passes the view on and asks it nothing
const sender = (name: string): Sender => ({ name, view: {} as Sender['view'] })
const message = (kind: MessageKind, about: string, sequence: number): Message => ({ kind, about, data: '{"n":1}', sequence })

function open() {
  const written: string[] = []
  let hasRoom = true
  let now = 1000
  const outbox = new Outbox({
    write({ name }, { kind, about, sequence }) {
      written.push(`${name} ${kind} ${about} ${sequence}`)
      return hasRoom
    },
    now: () => now,
  })
  return {
    outbox,
    written,
    block() {
      hasRoom = false
    },
    unblock() {
      hasRoom = true
      outbox.resume()
    },
    pass(ms: number) {
      now += ms
    },
  }
}

test('what can be written is written at once', () => {
  const { outbox, written } = open()
  outbox.put(sender('a'), message('created', 'x', 1))
  outbox.put(sender('b'), message('updated', 'x', 1))
  assert.deepEqual(written, ['a created x 1', 'b updated x 1'])
  assert.equal(outbox.stalledMs, 0)
})

test('of each document the latest state waits, in the order of the last change', () => {
  const { outbox, written, block, unblock, pass } = open()
  const a = sender('a')
  block()
  outbox.put(a, message('ready', '', 1))
  pass(500)
  outbox.put(a, message('created', 'x', 2))
  outbox.put(a, message('updated', 'y', 3))
  outbox.put(a, message('updated', 'x', 4))
  outbox.put(a, message('removed', 'y', 5))
  assert.equal(outbox.stalledMs, 500)
  unblock()
  // The client has not heard of x before, so it is still new to it.
  assert.deepEqual(written, ['a ready  1', 'a created x 4', 'a removed y 5'])
  assert.equal(outbox.stalledMs, 0)
})

test('when too much waits, a reset waits in its place, and moves on with what follows', () => {
  for (const [count, data] of [
    [300, '{}'],
    [6, 'x'.repeat(100_000)],
  ] as const) {
    const { outbox, written, block, unblock } = open()
    const [a, b] = [sender('a'), sender('b')]
    block()
    outbox.put(a, message('ready', '', 1))
    outbox.put(b, message('created', 'only', 2))
    for (let index = 0; index < count; index += 1) outbox.put(a, { ...message('created', `x${index}`, 3 + index), data })
    unblock()
    assert.equal(written.length, 3, String(written))
    assert.deepEqual([written[0], written.filter((line) => line.startsWith('b')).length], ['a ready  1', 1])
    assert.ok(written.includes(`a reset  ${2 + count}`), String(written))
  }
})

test('nothing more is told of a subscription that has ended', () => {
  const { outbox, written, block, unblock } = open()
  const [a, b] = [sender('a'), sender('b')]
  block()
  outbox.put(a, message('ready', '', 1))
  outbox.put(a, message('created', 'x', 2))
  outbox.put(b, message('created', 'x', 2))
  outbox.drop(a)
  unblock()
  assert.deepEqual(written, ['a ready  1', 'b created x 2'])
})
