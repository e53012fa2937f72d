// Names of certificates: what looks like a space is none.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasSubject, isNameReadable } from './certificate-names.ts'

const NAME = 'CN=till,O=Example,C=DE'
const withName = (name: string): { subject: string } => ({ subject: `C=DE\nO=Example\nCN=${name}` })

test('a name with another kind of space at its end is another name', () => {
  assert.equal(hasSubject(withName('till'), NAME), true)
  for (const space of ['\u00a0', '\u2003', '\u2028', '\u3000', '\ufeff', '\\ ', '\\09'])
    for (const other of [`till${space}`, `${space}till`]) assert.equal(hasSubject(withName(other), NAME), false, JSON.stringify(other))
  assert.equal(hasSubject(withName('till\u00a0'), 'CN=till\u00a0,O=Example,C=DE'), true)
})

test('spaces of a definition that are written for people do not count, and escaped ones do', () => {
  assert.equal(hasSubject(withName('till'), ' CN = till , O = Example,  C=DE '), true)
  assert.equal(hasSubject(withName('till\\ '), 'CN=till\\ ,O=Example,C=DE'), true)
  assert.equal(hasSubject({ subject: 'C=DE\nCN=till + OU=south' }, 'OU=south+CN=till,C=DE'), true)
  assert.equal(isNameReadable('dn', 'CN=till,\u00a0O=Example'), false)
})
