import assert from 'node:assert/strict'
import { test } from 'node:test'
import { committed } from './committed.ts'
import { AppError } from './errors.ts'

const hindered = (code: string): Promise<never> => Promise.reject(new AppError(code, { status: 409, title: 'Not now' }))

test('a commit is made, or not made for a reason that was expected', async () => {
  assert.equal(await committed(Promise.resolve(), 'conflict'), true)
  assert.equal(await committed(hindered('database.conflict'), 'conflict'), false)
  assert.equal(await committed(hindered('database.duplicate'), 'conflict', 'duplicate'), false)
})

test('what was not expected is thrown', async () => {
  await assert.rejects(committed(hindered('database.duplicate'), 'conflict'), { code: 'database.duplicate' })
  await assert.rejects(committed(hindered('database.unavailable'), 'conflict', 'duplicate'), { code: 'database.unavailable' })
  await assert.rejects(committed(Promise.reject(new TypeError('a slip')), 'conflict'), TypeError)
})
