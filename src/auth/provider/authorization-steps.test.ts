// Fails when an upgrade of the engine moves the steps that authorization-steps.ts stands by.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BEGINNINGS, settleRequests } from './authorization-steps.ts'
import { authorizationSteps } from './engine-internals.ts'

const namesOf = (endpoint: string): string[] => authorizationSteps(endpoint).map(({ name }) => name)

const OURS: Readonly<Record<string, readonly string[]>> = {
  checkOpenIdScope: ['gateOpenidParameters'],
  checkResource: ['checkResource', 'settleScope'],
  checkResponseMode: ['needResponseType', 'checkResponseMode'],
  processRequestObject: ['readRequestObject', 'processRequestObject'],
}

test('what is asked for is settled once the resource is known, the gate of openid is ours, and a type is missed before its mode', () => {
  const before = BEGINNINGS.map(namesOf)
  for (const names of before) assert.equal(names.filter((name) => name === 'checkOpenIdScope' || name === 'checkResource').length, 2)
  assert.deepEqual(
    before.map((names) => names.includes('checkResponseMode')),
    [true, true, false],
  )
  // Twice, as when keys change: the second time changes nothing.
  for (let time = 0; time < 2; time += 1) {
    settleRequests()
    const after = before.map((names) => names.flatMap((name) => OURS[name] ?? name))
    assert.deepEqual(BEGINNINGS.map(namesOf), after)
  }
  assert.equal(namesOf('resume').includes('settleScope'), false, 'what goes on has been settled')
})
