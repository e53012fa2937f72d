import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WebhookDefinition } from '../contract.ts'
import { securityWebhooks } from './webhooks.ts'

const refusal = (definitions: readonly WebhookDefinition[], development = false): string => {
  try {
    securityWebhooks(definitions, development)
    return 'no refusal'
  } catch (error) {
    return String(error)
  }
}

test('a webhook that cannot be safe is refused, every problem at once', () => {
  const said = refusal([
    { name: 'A b', url: 'https://example.org/' },
    { name: 'twice', url: 'https://example.org/' },
    { name: 'twice', url: 'https://example.org/', events: ['password.changed', 'passwords.*', '*'] },
    { name: 'plain', url: 'http://example.org/' },
    { name: 'named', url: 'https://user:word@example.org/' },
    { name: 'none', url: '//example.org' },
  ])
  for (const part of [
    /"A b": its name/,
    /another one/,
    /"passwords\.\*"/,
    /"\*"/,
    /"plain": its url must begin/,
    /"named".*password/,
    /"none": its url is none/,
  ])
    assert.match(said, part)
  assert.match(refusal([{ name: 'local', url: 'http://127.0.0.1:1/' }]), /must begin with https/)
  assert.equal(refusal([{ name: 'local', url: 'http://127.0.0.1:1/' }], true), 'no refusal')
})

test('a webhook gets what it asks for, and a shape that is not known is not told', () => {
  const [some, all] = securityWebhooks(
    [
      { name: 'some', url: 'https://example.org/', events: ['passkey.*', 'email.changed'] },
      { name: 'all', url: 'https://example.org/' },
    ],
    false,
  )
  const added = { accountId: 'ada', about: 'Phone', device: 'Firefox on Linux', client: 'c' }
  assert.deepEqual(some?.select({ type: 'passkey.added', ...added }), { type: 'passkey.added', data: added, kept: { accountId: 'ada' } })
  assert.equal(some?.select({ type: 'password.changed', accountId: 'ada' }), undefined)
  const blocked = { accountId: 'ada', actor: 'operator 01k' }
  assert.deepEqual(all?.select({ type: 'account.suspended', ...blocked }), { type: 'account.suspended', data: blocked, kept: blocked })
  assert.deepEqual(all?.select({ type: 'password.changed' }), { type: 'password.changed', data: {}, kept: {} })
  // No row is stored of an end, and nothing could be recalled.
  assert.deepEqual(all?.select({ type: 'account.deleted', ...blocked }), { type: 'account.deleted', data: blocked })
  assert.equal(all?.select({ type: 'password.changed', password: 'secret' }), undefined)
  assert.equal(all?.select(null), undefined)
})
