import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError, declaredErrors, defineErrors, hasCode } from './errors.ts'
import { problemOf } from './http/problem.ts'

const errors = defineErrors('tested', { too_old: { status: 410, title: 'Too old' } })

test('a declared error carries code, status, title and detail to the client, and keeps its cause', () => {
  const error = errors.too_old({ detail: 'Made in 1999; ask for a new one.', cause: new Error('row 7'), headers: { 'retry-after': '5' } })
  assert.ok(hasCode(error, 'tested.too_old'))
  const { problem, headers } = problemOf(error, 'r1')
  assert.deepEqual(problem, {
    type: 'urn:ninefold:error:tested.too_old',
    title: 'Too old',
    status: 410,
    code: 'tested.too_old',
    requestId: 'r1',
    detail: 'Made in 1999; ask for a new one.',
  })
  assert.deepEqual(headers, { 'retry-after': '5' })
  assert.ok(declaredErrors().has('tested.too_old'))
})

test('anything else tells the client nothing but the request id', () => {
  for (const thrown of [new Error('password is hunter2'), 'hunter2', undefined, { status: 200, code: 'tested.too_old' }]) {
    const { problem } = problemOf(thrown, 'r2')
    assert.equal(problem.status, 500)
    assert.ok(!JSON.stringify(problem).includes('hunter2'))
    assert.equal(problem.requestId, 'r2')
  }
})

test('an error from another process is matched by code, not by class', () => {
  const rebuilt = Object.assign(new Error('x'), { code: 'tested.too_old' })
  assert.ok(hasCode(rebuilt, 'tested.too_old'))
  assert.ok(!(rebuilt instanceof AppError))
})
