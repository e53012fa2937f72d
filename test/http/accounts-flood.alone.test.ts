// A flood of sign-ins: what does not fit is told so at once, known and unknown addresses alike, and nobody's tries are counted for it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, openAccounts } from '../support/accounts.ts'
import { SIGN_IN } from '../support/arriving.ts'

test('a flood past the queue is refused fast, in one shape, and is not held against the person', async (t) => {
  const world = await openAccounts({ passwords: { concurrency: 1, maxWaiting: 5 } })
  t.after(() => world.stop())
  world.engine.current = SIGN_IN
  const person = await world.person()
  const flood = Array.from({ length: 100 }, (_, index) => ({
    email: index % 2 === 0 ? person.email : `nobody-${index}@example.org`,
    start: performance.now(),
    client: `bot-${index}`,
  }))
  // The person's own browser is known, so its door is not the one that the bots wear out.
  const device = await world.deviceOf(person.accountId)
  const answers = await Promise.all(
    flood.map(async ({ email, client }) => {
      const start = performance.now()
      const answer = await world.visit({
        path: '/interaction/u1/sign-in',
        form: { email, password: `not the password of ${client}` },
        client,
      })
      return {
        status: answer.status,
        retryAfter: answer.headers?.['retry-after'],
        text: answer.text.replaceAll(email, ''),
        took: performance.now() - start,
      }
    }),
  )
  const busy = answers.filter((answer) => answer.status === 503)
  assert.ok(busy.length >= 40, `${busy.length} of 100 were refused`)
  assert.equal(new Set(busy.map((answer) => `${String(answer.retryAfter)} ${answer.text}`)).size, 1)
  assert.equal(busy[0]?.retryAfter, '3')
  const admitted = answers.filter((answer) => answer.status === 422)
  assert.ok(Math.max(...busy.map((answer) => answer.took)) < Math.max(...admitted.map((answer) => answer.took)))
  assert.ok(await world.accounts.signIn(call, { email: person.email, password: person.password, client: 'home', device }))
})

test('someone who gives up waiting costs no hash and no try', async (t) => {
  const world = await openAccounts({ passwords: { concurrency: 1, maxWaiting: 50 } })
  t.after(() => world.stop())
  const person = await world.person()
  const gone = new AbortController()
  const tries = Array.from({ length: 4 }, () =>
    world.accounts.signIn({ ...call, signal: gone.signal }, { email: person.email, password: 'not the password', client: 'impatient' }),
  )
  setImmediate(() => gone.abort(new Error('gone')))
  for (const outcome of await Promise.allSettled(tries)) assert.equal(outcome.status, 'rejected')
  for (let index = 0; index < 4; index += 1)
    assert.equal(await world.accounts.signIn(call, { email: person.email, password: 'still wrong', client: 'patient' }), undefined)
})
