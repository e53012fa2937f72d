import assert from 'node:assert/strict'
import { test } from 'node:test'
import { html, trustedHtml } from './html.ts'

test('values are escaped in text and in attributes', () => {
  const evil = `"><script>alert('x')</script>&`
  const text = html`<p title="${evil}">${evil}</p>`.toString()
  assert.ok(!text.includes('<script'))
  assert.ok(!text.includes(`"">`))
  assert.match(text, /&quot;&gt;&lt;script&gt;alert\(&#39;x&#39;\)/)
})

test('HTML inside HTML is kept, arrays are joined, nothing is left of absent values', () => {
  const items = ['a', '<b>'].map((item) => html`<li>${item}</li>`)
  assert.equal(html`<ul>${items}${undefined}${null}${false}</ul>`.toString(), '<ul><li>a</li><li>&lt;b&gt;</li></ul>')
  assert.equal(html`${trustedHtml('<i>x</i>')} ${0}`.toString(), '<i>x</i> 0')
})

test('an object that pretends to be HTML is escaped', () => {
  const pretender = { toString: () => '<script>' } as unknown as string
  assert.equal(html`${pretender}`.toString(), '&lt;script&gt;')
})
