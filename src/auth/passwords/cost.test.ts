import assert from 'node:assert/strict'
import { test } from 'node:test'
import { costProblem, type HashCost, longestMs, MOST_COST, USUAL_COST } from './cost.ts'

const cost = (memoryKiB: number, passes: number): HashCost => ({ memoryKiB, passes })
/** Password Storage Cheat Sheet, OWASP: each with one lane. */
const OWASP = [cost(47_104, 1), cost(19_456, 2), cost(12_288, 3), cost(9216, 4), cost(7168, 5)]

test('each pair of OWASP is enough, and so is what has more of either', () => {
  for (const { memoryKiB, passes } of OWASP)
    for (const enough of [cost(memoryKiB, passes), cost(memoryKiB + 1, passes), cost(memoryKiB, passes + 1)])
      assert.equal(costProblem(enough), undefined, JSON.stringify(enough))
  // RFC 9106 section 4: the first and the second recommended option, as far as one lane and our bounds go.
  for (const enough of [cost(65_536, 3), MOST_COST, USUAL_COST]) assert.equal(costProblem(enough), undefined, JSON.stringify(enough))
})

test('requirement 69: a pair that is weaker than each of OWASP is refused', () => {
  for (const { memoryKiB, passes } of OWASP)
    for (const weak of [cost(memoryKiB - 1, passes), cost(memoryKiB, passes - 1)])
      assert.match(costProblem(weak) ?? '', /too cheap to guess/, JSON.stringify(weak))
  assert.match(costProblem(cost(7167, MOST_COST.passes)) ?? '', /too cheap/, 'passes do not make up for memory without end')
})

test('the refusal says what was set, what is least and what to do', () => {
  assert.equal(
    costProblem(cost(9216, 2)),
    'NINEFOLD_AUTH_PASSWORD_MEMORY_KIB=9216 with NINEFOLD_AUTH_PASSWORD_PASSES=2 makes passwords too cheap to guess: ' +
      'the least are 47104/1, 19456/2, 12288/3, 9216/4, 7168/5 (KiB/passes, by OWASP). Set NINEFOLD_AUTH_PASSWORD_MEMORY_KIB ' +
      'to at least 19456, or NINEFOLD_AUTH_PASSWORD_PASSES to at least 4; or leave both out for 19456/2',
  )
  assert.match(costProblem(cost(64, 5)) ?? '', /Set NINEFOLD_AUTH_PASSWORD_MEMORY_KIB to at least 7168; or/, 'no number of passes helps')
})

test('what is advised is enough', () => {
  for (const weak of [cost(9216, 2), cost(64, 1), cost(64, 20), cost(30_000, 1), cost(11_000, 3), cost(8000, 4)]) {
    const problem = costProblem(weak) ?? ''
    const memory = /MEMORY_KIB to at least (\d+)/.exec(problem)?.[1]
    const passes = /PASSES to at least (\d+)/.exec(problem)?.[1]
    assert.ok(memory !== undefined || passes !== undefined, problem)
    if (memory !== undefined) assert.equal(costProblem({ ...weak, memoryKiB: Number(memory) }), undefined, problem)
    if (passes !== undefined) assert.equal(costProblem({ ...weak, passes: Number(passes) }), undefined, problem)
  }
})

test('a hash is given time by what it costs', () => {
  assert.equal(longestMs(cost(65_536, 3)), 1920)
  assert.equal(longestMs(MOST_COST), 51_200)
})
