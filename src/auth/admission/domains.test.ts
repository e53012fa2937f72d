import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isWithin } from './domains.ts'

test('a domain is itself, and a star is what is below it', () => {
  for (const [domain, named, within] of [
    ['example.org', ['example.org'], true],
    ['example.org', ['Example.ORG'], true],
    ['mail.example.org', ['example.org'], false],
    ['mail.example.org', ['*.example.org'], true],
    ['example.org', ['*.example.org'], false],
    ['evil-example.org', ['*.example.org'], false],
    ['evilexample.org', ['example.org'], false],
    ['example.org.evil.net', ['example.org', '*.example.org'], false],
    ['example.org', [], false],
  ] as const)
    assert.equal(isWithin(domain, named), within, `${domain} in ${named.join()}`)
})
