import assert from 'node:assert/strict'
import { test } from 'node:test'
import { html } from '#kernel/html.ts'
import { createPage } from './page.ts'

const BUILT = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <!-- <script>not a script</script> -->
    <script type="module" crossorigin src="/assets/index-a1b2c3d4.js"></script>
    <link rel="modulepreload" crossorigin href="/assets/vendor-a1b2c3d4.js">
    <link rel="stylesheet" crossorigin href="/assets/index-a1b2c3d4.css">
    <style>a::after { content: '<link>' }</style>
  </head>
  <body><script>const text = '<style>'</script></body>
</html>`

test('puts the nonce into every script, style and link, and nowhere else', () => {
  const page = createPage(BUILT, html``)('N0nce').toString()
  assert.match(page, /<script nonce="N0nce" type="module" crossorigin src=/)
  assert.match(page, /<link nonce="N0nce" rel="modulepreload"/)
  assert.match(page, /<link nonce="N0nce" rel="stylesheet"/)
  assert.match(page, /<style nonce="N0nce">a::after \{ content: '<link>' \}<\/style>/)
  assert.match(page, /<script nonce="N0nce">const text = '<style>'<\/script>/)
  assert.match(page, /<!-- <script>not a script<\/script> -->/)
  assert.match(page, /<head><meta property="csp-nonce" nonce="N0nce">/)
  assert.equal(page.split('N0nce').length - 1, 6)
  assert.equal(page.replaceAll(' nonce="N0nce"', '').replace('<meta property="csp-nonce">', ''), BUILT)
})

test('gives each answer its own nonce', () => {
  const page = createPage(BUILT, html`<meta name="x" content="${'"<&'}">`)
  assert.ok(!page('first').toString().includes('second'))
  assert.ok(!page('second').toString().includes('first'))
  assert.ok(page('first').toString().includes('<head><meta name="x" content="&quot;&lt;&amp;">'))
})

test('refuses a page that brings a nonce of its own', () => {
  assert.throws(() => createPage('<head></head><script nonce="fixed"></script>', html``), /nonce of its own/)
})
