import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { answerFile } from './assets.ts'
import { acceptedEncodings, createCompressor } from './compression.ts'
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

const create = (): ReturnType<typeof createCompressor> => createCompressor((error) => assert.fail(String(error)))

/** Asks once, as a browser does, and waits for the work. */
async function compressed(file: BuiltFile): Promise<BuiltFile> {
  const compressor = create()
  answerFile(file, { 'accept-encoding': 'gzip, br' }, compressor)
  while (file.br === undefined) await new Promise((done) => setImmediate(done))
  await compressor.stop()
  return file
}

test('compresses what is asked for to forms that unpack to the same bytes', async () => {
  const file = await compressed(script(long))
  assert.equal(gunzipSync(file.gzip ?? '').toString(), long)
  assert.equal(brotliDecompressSync(file.br ?? '').toString(), long)
})

test('answers the first request at once, with the plain form', async () => {
  const compressor = create()
  const answer = answerFile(script(long), { 'accept-encoding': 'br' }, compressor)
  assert.equal(answer.headers?.['content-encoding'], undefined)
  await compressor.stop()
})

test('leaves small files, pictures and what nobody takes compressed as they are', async () => {
  const compressor = create()
  const last = script(long)
  const files = [script('short'), script(long, 'image/png'), script(long)]
  for (const [index, file] of files.entries()) answerFile(file, index === 2 ? {} : { 'accept-encoding': 'br' }, compressor)
  answerFile(last, { 'accept-encoding': 'br' }, compressor)
  while (last.br === undefined) await new Promise((done) => setImmediate(done))
  for (const file of files) assert.deepEqual([file.br, file.gzip], [undefined, undefined])
  await compressor.stop()
})

test('starts nothing after it was stopped', async () => {
  const compressor = create()
  const file = script(long)
  await compressor.stop()
  compressor.want(file)
  await new Promise((done) => setTimeout(done, 20))
  assert.equal(file.gzip, undefined)
})

test('answers with the negotiated form, a tag of its own and Vary', async () => {
  const file = await compressed(script(long))
  const brotli = answerFile(file, { 'accept-encoding': 'br, gzip' }, create())
  assert.equal(brotli.headers?.['content-encoding'], 'br')
  assert.equal(brotli.headers?.['etag'], '"tag-br"')
  assert.equal(brotli.headers?.['vary'], 'Accept-Encoding')
  const plain = answerFile(file, {}, create())
  assert.equal(plain.headers?.['content-encoding'], undefined)
  assert.deepEqual(plain.body, { bytes: file.plain, type: file.type })
})

test('answers 304 without a body to a client that has the content in any encoding', () => {
  const file = script(long)
  for (const tag of ['"tag"', '"tag-br"', 'W/"tag-gzip"', '"other", "tag"', '*']) {
    const answer = answerFile(file, { 'if-none-match': tag }, create())
    assert.equal(answer.status, 304, tag)
    assert.equal(answer.body, undefined)
  }
  for (const tag of ['"other"', 'tag', '"tag-zstd"']) assert.equal(answerFile(file, { 'if-none-match': tag }, create()).status, 200, tag)
})
