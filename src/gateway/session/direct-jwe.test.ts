// What carries tokens in cookies is a standard JWE, and opens for nobody who has changed it or has another key.
import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose'
import { openJwe, sealJwe } from './direct-jwe.ts'

const bytes = randomBytes(32)
const key = createSecretKey(bytes)
const other = createSecretKey(randomBytes(32))
const TEXT = JSON.stringify({ token: 'a token', name: '\u00e4\u{1f986}' })
const HEADER = { alg: 'dir', enc: 'A256GCM' } as const

test('requirement 57: another implementation opens what is sealed here, and what it seals opens here', async () => {
  const sealed = sealJwe(TEXT, key)
  assert.deepEqual(decodeProtectedHeader(sealed), HEADER)
  const { plaintext } = await compactDecrypt(sealed, bytes, {
    keyManagementAlgorithms: ['dir'],
    contentEncryptionAlgorithms: ['A256GCM'],
  })
  assert.equal(Buffer.from(plaintext).toString('utf8'), TEXT)
  const theirs = await new CompactEncrypt(Buffer.from(TEXT)).setProtectedHeader(HEADER).encrypt(bytes)
  assert.equal(openJwe(theirs, [other, key]), TEXT, 'a former key opens too')
})

test('no two seals of one text are alike, and none shows it', () => {
  const all = Array.from({ length: 100 }, () => sealJwe(TEXT, key))
  assert.equal(new Set(all.map((sealed) => sealed.split('.')[2])).size, 100)
  for (const sealed of all) assert.ok(!Buffer.from(sealed.split('.')[3] ?? '', 'base64url').includes('a token'))
})

test('nothing opens that has another key, a changed character, a shorter tag or another header', async () => {
  const sealed = sealJwe(TEXT, key)
  assert.equal(openJwe(sealed, [other]), undefined)
  const [header = '', , nonce = '', body = '', tag = ''] = sealed.split('.')
  const flipped = (part: string): string => `${part.startsWith('A') ? 'B' : 'A'}${part.slice(1)}`
  const zipped = Buffer.from(JSON.stringify({ ...HEADER, zip: 'DEF' })).toString('base64url')
  const small = await new CompactEncrypt(Buffer.from(TEXT))
    .setProtectedHeader({ alg: 'dir', enc: 'A128GCM' })
    .encrypt(bytes.subarray(0, 16))
  const wrong = [
    '',
    'x',
    `${flipped(header)}..${nonce}.${body}.${tag}`,
    `${header}..${flipped(nonce)}.${body}.${tag}`,
    `${header}..${nonce}.${flipped(body)}.${tag}`,
    `${header}..${nonce}.${body}.${flipped(tag)}`,
    `${header}..${nonce}.${body}.${tag.slice(0, 6)}`,
    `${header}..${nonce}.${body}.`,
    `${header}..${nonce}..${tag}`,
    `${header}..${nonce.slice(0, 8)}.${body}.${tag}`,
    `${header}.${nonce}.${nonce}.${body}.${tag}`,
    `${header}..${nonce}.${body}.${tag}.${tag}`,
    `${header}..${nonce}.${body}.${tag}=`,
    `${zipped}..${nonce}.${body}.${tag}`,
    small,
  ]
  for (const one of wrong) assert.equal(openJwe(one, [key]), undefined, one)
  assert.equal(openJwe(sealed, [key]), TEXT)
})
