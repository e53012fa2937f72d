import assert from 'node:assert/strict'
import { test } from 'node:test'
import { History } from './history.ts'

test('what is kept for those who come back is bounded by its size, not by its number alone', () => {
  const history = new History({ now: () => 1 }, 0)
  const about = { id: 'a', ownerId: 'b', createdAt: '', updatedAt: '' }
  for (let sequence = 1; sequence <= 400; sequence += 1) {
    const before = { ...about, text: 'x'.repeat(100_000), tags: ['x'.repeat(100_000)] }
    history.add({ sequence, at: 1, resource: 'notes', id: 'a', what: { kind: 'write', before } })
  }
  const kept = [...history.since(0)]
  assert.ok(kept.length > 100 && kept.length < 200, `${kept.length}`)
  // Whoever asks for more than is there is told so.
  assert.deepEqual([history.reaches(0), history.reaches(400 - kept.length), kept.at(-1)?.sequence], [false, true, 400])
})

test('a single state that is larger than all may be is not kept', () => {
  const history = new History({ now: () => 1 }, 0)
  const before = { id: 'a', ownerId: 'b', createdAt: '', updatedAt: '', text: 'x'.repeat(40_000_000) }
  history.add({ sequence: 1, at: 1, resource: 'notes', id: 'a', what: { kind: 'write', before } })
  assert.deepEqual([[...history.since(0)].length, history.reaches(0), history.reaches(1)], [0, false, true])
})
