import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { answerFile } from './assets.ts'
import { acceptedEncodings, compressAll } from './compression.ts'
import type { BuiltFile } from './folder.ts'

const script = (text: string, type = 'text/javascript; charset=utf-8'): BuiltFile => ({
  type,
  cacheControl: 'x',
  tag: 'tag',
  plain: Buffer.from(text),
})
const long = 'export const value = 1\n'.repeat(200)

test('takes the encodings that the client accepts, brotli first', () => {
  assert.deepEqual(acceptedEncodings(undefined), [])
  assert.deepEqual(acceptedEncodings('gzip, deflate, br, zstd'), ['br', 'gzip'])
  assert.deepEqual(acceptedEncodings('gzip'), ['gzip'])
  assert.deepEqual(acceptedEncodings('br;q=0, gzip;q=0.5'), ['gzip'])
  assert.deepEqual(acceptedEncodings('*'), ['br', 'gzip'])
  assert.deepEqual(acceptedEncodings('*;q=0.1, br;q=0.0'), ['gzip'])
  assert.deepEqual(acceptedEncodings('identity'), [])
})

test('compresses text to forms that unpack to the same bytes', async () => {
  const file = script(long)
  await compressAll([file], new AbortController().signal)
  assert.equal(gunzipSync(file.gzip ?? '').toString(), long)
  assert.equal(brotliDecompressSync(file.br ?? '').toString(), long)
})

test('leaves small files and pictures as they are', async () => {
  const files = [script('short'), script(long, 'image/png')]
  await compressAll(files, new AbortController().signal)
  for (const file of files) assert.deepEqual([file.br, file.gzip], [undefined, undefined])
})

test('stops when it is told to', async () => {
  const file = script(long)
  await compressAll([file], AbortSignal.abort())
  assert.equal(file.gzip, undefined)
})

test('answers with the negotiated form, a tag of its own and Vary', async () => {
  const file = script(long)
  await compressAll([file], new AbortController().signal)
  const brotli = answerFile(file, { 'accept-encoding': 'br, gzip' })
  assert.equal(brotli.headers?.['content-encoding'], 'br')
  assert.equal(brotli.headers?.['etag'], '"tag-br"')
  assert.equal(brotli.headers?.['vary'], 'Accept-Encoding')
  const plain = answerFile(file, {})
  assert.equal(plain.headers?.['content-encoding'], undefined)
  assert.deepEqual(plain.body, { bytes: file.plain, type: file.type })
})

test('answers 304 without a body to a client that has the content in any encoding', () => {
  const file = script(long)
  for (const tag of ['"tag"', '"tag-br"', 'W/"tag-gzip"', '"other", "tag"', '*']) {
    const answer = answerFile(file, { 'if-none-match': tag })
    assert.equal(answer.status, 304, tag)
    assert.equal(answer.body, undefined)
  }
  for (const tag of ['"other"', 'tag', '"tag-zstd"']) assert.equal(answerFile(file, { 'if-none-match': tag }).status, 200, tag)
})
