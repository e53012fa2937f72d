// The one form of an address.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { normalAddress } from './address.ts'

test('an IPv4 address is the same however it is mapped', () => {
  for (const address of ['192.0.2.7', '::ffff:192.0.2.7', '::FFFF:c000:207', '0:0:0:0:0:ffff:192.0.2.7'])
    assert.equal(normalAddress(address), '192.0.2.7')
})

test('of an IPv6 address the /64 remains', () => {
  for (const address of ['2001:db8:1:2::1', '2001:0DB8:1:2:ffff::', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::9%eth0']) {
    assert.equal(normalAddress(address), '2001:db8:1:2::/64')
  }
  assert.equal(normalAddress('::1'), '0:0:0:0::/64')
  assert.equal(normalAddress('fe80::1%lo'), 'fe80:0:0:0::/64')
  assert.notEqual(normalAddress('2001:db8:1:3::1'), '2001:db8:1:2::/64')
})

test('what is no address is taken as it is', () => {
  assert.equal(normalAddress('unix:'), 'other:unix:')
})
