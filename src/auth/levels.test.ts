import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACR_VALUES, acrOf, amrOf, levelOf, levelOfAcr, provedLevel, toldAcr, wantedLevel } from './levels.ts'

const [ONE, TWO, PHR] = ACR_VALUES

test('a passkey is worth most, two steps more than one, and a second step alone nothing', () => {
  assert.equal(levelOf([]), undefined)
  assert.equal(levelOf(['totp']), undefined)
  assert.equal(levelOf(['recovery_code', 'totp']), undefined)
  for (const first of ['password', 'email', 'upstream'] as const) {
    assert.equal(levelOf([first]), 1)
    assert.equal(levelOf([first, 'totp']), 2)
    assert.equal(levelOf([first, 'recovery_code']), 2)
    assert.equal(levelOf([first, 'passkey']), 3)
  }
  assert.equal(levelOf(['password', 'email']), 1, 'two of one kind are one factor')
  assert.equal(levelOf(['passkey']), 3)
})

test('amr names what was proved (RFC 8176)', () => {
  assert.deepEqual(amrOf(['password']), ['pwd'])
  assert.deepEqual(amrOf(['password', 'totp']), ['pwd', 'otp', 'mfa'])
  assert.deepEqual(amrOf(['email', 'recovery_code']), ['otp', 'mfa'])
  assert.deepEqual(amrOf(['passkey']), ['pop', 'mfa'])
})

test('any one of the asked values will do, and unknown ones are told apart from none', () => {
  assert.equal(wantedLevel(undefined), undefined)
  assert.equal(wantedLevel(''), undefined)
  assert.equal(wantedLevel(`${PHR} ${TWO}`), 2)
  assert.equal(wantedLevel(`their:gold ${PHR}`), 3)
  assert.equal(wantedLevel('their:gold their:silver'), 'unknown')
})

test('a client reads the value that it has asked for, when it is true', () => {
  assert.equal(toldAcr(PHR, TWO), TWO)
  assert.equal(toldAcr(PHR, `${TWO} ${PHR}`), TWO)
  assert.equal(toldAcr(ONE, TWO), ONE)
  assert.equal(toldAcr(PHR, undefined), PHR)
  assert.equal(toldAcr(undefined, TWO), undefined)
  for (const acr of ACR_VALUES) assert.equal(acrOf(levelOfAcr(acr) ?? 1), acr)
})

test('what was proved is known from a record, whatever its client has asked for', () => {
  assert.equal(provedLevel({}), 1)
  assert.equal(provedLevel({ acr: ONE, amr: ['pwd'] }), 1)
  assert.equal(provedLevel({ acr: ONE, amr: amrOf(['password', 'totp']) }), 2)
  assert.equal(provedLevel({ acr: ONE, amr: amrOf(['passkey']) }), 2)
  assert.equal(provedLevel({ acr: PHR, amr: amrOf(['passkey']) }), 3)
  assert.equal(provedLevel({ acr: 'their:gold' }), 1)
})
