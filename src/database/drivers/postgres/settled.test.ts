import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSettledHead } from './settled.ts'
import type { Command, Outcome } from './session.ts'

/** A server that answers when it is told to. */
function scripted() {
  const asked: { readonly text: string; answer(...row: string[]): void }[] = []
  const read = ({ statement }: Command): Promise<Outcome> =>
    new Promise((resolve) => {
      asked.push({ text: statement.text, answer: (...row) => resolve({ rows: [row], count: 1 }) })
    })
  const next = async (what: RegExp): Promise<(...row: string[]) => void> => {
    for (let turn = 0; turn < 50 && asked.length === 0; turn += 1) await Promise.resolve()
    const question = asked.shift() ?? assert.fail(`nothing is asked, and not ${what}`)
    assert.match(question.text, what)
    return question.answer
  }
  return { read, next, asked }
}

test('numbers that are set from outside while somebody looks confuse nobody', async () => {
  const { read, next, asked } = scripted()
  const { begin, head } = createSettledHead({ read })
  const looking = head()
  // Of two numbers one is missing: it was given back, or is on its way.
  ;(await next(/max\(sequence\), count/))('2', '1')
  ;(await next(/pg_current_xact_id/))('700')
  const hasPassed = await next(/pg_snapshot_xmin/)
  const beginning = begin()
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
  assert.deepEqual(asked, [], 'it waits for its turn')
  hasPassed('t')
  ;(await next(/row_number/))()
  assert.equal(await looking, 2)
  ;(await next(/last_value/))('1000')
  ;(await next(/pg_current_xact_id/))('701')
  ;(await next(/pg_snapshot_xmin/))('t')
  await beginning
  const later = head()
  ;(await next(/max\(sequence\), count/))()
  assert.equal(await later, 1000)
})
