// Uploads and downloads over HTTP: what is kept, what is refused, and that nothing is left of what was refused.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { newId } from '#kernel/ids.ts'
import type { BucketDefinition, FileMeta } from '../../src/files/contract.ts'
import { type DataWorld, dataWorld, jpeg, person } from '../support/data-world.ts'
import type { Reply } from '../support/http.ts'
import { PRINCIPAL } from '../support/role-host.ts'
import { until } from '../support/until.ts'

const photos: BucketDefinition = {
  name: 'photos',
  maxBytes: 300_000,
  accept: ['image/jpeg', 'image/png', 'image/gif'],
  scopes: { read: 'photos:read', write: 'photos:write' },
}
const papers: BucketDefinition = {
  name: 'papers',
  maxBytes: 100_000,
  accept: ['text/plain', 'image/svg+xml', 'text/html', 'application/octet-stream'],
  scopes: { read: 'notes:read', write: 'notes:write' },
}
const world = { buckets: [photos, papers] }
const ada = person('ada')
const bob = person('bob')
const shop = person('ada', { firstParty: false, clientId: 'print-shop', scopes: ['photos:read'] })

const metaOf = (reply: Reply): FileMeta => JSON.parse(reply.body)
const codeOf = (reply: Reply): string => JSON.parse(reply.body).code

async function uploaded(to: DataWorld, body: Uint8Array, name?: string): Promise<FileMeta> {
  const reply = await to.ask('POST', '/api/files/photos', {
    as: ada,
    body,
    headers: name === undefined ? {} : { 'x-file-name': encodeURIComponent(name) },
  })
  assert.equal(reply.status, 201, reply.body)
  return metaOf(reply)
}

async function linkTo(from: DataWorld, meta: FileMeta): Promise<string> {
  const { url } = await from.files.link(
    { principal: ada, requestId: 't', signal: new AbortController().signal, deadline: 0 },
    meta.bucket,
    meta.id,
  )
  const { pathname, search } = new URL(url)
  return pathname + search
}

test('keeps an upload, says what the bytes are, and gives them back', async (t) => {
  const w = await dataWorld(t, world)
  const bytes = jpeg(200_000)
  const reply = await w.ask('POST', '/api/files/photos', {
    as: ada,
    body: bytes,
    headers: { 'x-file-name': encodeURIComponent('S\u00fcd/..\\K\u00fcste \u202egpj.png'), 'content-type': 'image/png' },
  })
  assert.equal(reply.status, 201, reply.body)
  const meta = metaOf(reply)
  assert.equal(reply.headers['location'], `/api/files/photos/${meta.id}`)
  assert.deepEqual(
    { ...meta, id: '' },
    {
      id: '',
      bucket: 'photos',
      ownerId: 'ada',
      mediaType: 'image/jpeg',
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      name: 'K\u00fcste gpj.png',
      createdAt: w.clock.now(),
    },
  )
  const link = await linkTo(w, meta)
  const shown = await w.ask('GET', link, { site: 'files' })
  assert.equal(shown.status, 200)
  assert.deepEqual(shown.bytes, bytes)
  assert.equal(shown.headers['content-type'], 'image/jpeg')
  assert.equal(shown.headers['content-length'], String(bytes.length))
  assert.equal(shown.headers['etag'], `"${meta.sha256}"`)
  assert.equal(shown.headers['content-disposition'], 'inline; filename="K_ste gpj.png"; filename*=UTF-8\'\'K%C3%BCste%20gpj.png')
  assert.match(shown.headers['cache-control'] ?? '', /^private, max-age=\d+, immutable$/)
  const known = await w.ask('GET', `/api/files/photos/${meta.id}`, { as: ada })
  assert.deepEqual(metaOf(known), meta)
})

test('refuses what is no accepted type by its bytes, whatever it is called, and keeps nothing', async (t) => {
  const w = await dataWorld(t, world)
  const utf16 = Buffer.from('\ufeff<svg xmlns="x">', 'utf16le')
  const bad = [
    '<svg onload=alert(1)>',
    '\ufeff  \n<!DOCTYPE html><p>',
    '<?xml version="1.0"?><svg/>',
    '<script>1</script>',
    'plain text',
    '%PDF-1.7\n',
    utf16,
    utf16.subarray(2),
    Buffer.from([0, 1, 2, 3]),
  ]
  for (const body of bad) {
    const reply = await w.ask('POST', '/api/files/photos', {
      as: ada,
      body,
      headers: { 'content-type': 'image/jpeg', 'x-file-name': 'a.jpg' },
    })
    assert.equal(reply.status, 415, String(body))
    assert.equal(codeOf(reply), 'files.unsupported_type')
  }
  const empty = await w.ask('POST', '/api/files/photos', { as: ada, body: '' })
  assert.deepEqual([empty.status, codeOf(empty)], [422, 'files.empty'])
  assert.deepEqual(await w.stored(), [])
})

test('serves active content only where it was asked for, and then as a download', async (t) => {
  const w = await dataWorld(t, world)
  for (const [body, type] of [
    ['<svg xmlns="http://www.w3.org/2000/svg"/>', 'image/svg+xml'],
    ['<html><script>1</script>', 'text/html'],
    ['just text', 'text/plain'],
  ] as const) {
    const meta = metaOf(await w.ask('POST', '/api/files/papers', { as: ada, body }))
    assert.equal(meta.mediaType, type)
    const shown = await w.ask('GET', await linkTo(w, meta), { site: 'files' })
    assert.equal(shown.headers['content-disposition'], 'attachment; filename="file"')
  }
})

test('stops an upload at the limit and names the limit, announced or not', async (t) => {
  const w = await dataWorld(t, world)
  const announced = await w.ask('POST', '/api/files/photos', { as: ada, body: jpeg(300_000) })
  assert.deepEqual([announced.status, codeOf(announced)], [413, 'files.too_large'])
  assert.match(announced.body, /300000 bytes/)
  const counted = await chunked(w.port, [jpeg(100_000), Buffer.alloc(150_000), Buffer.alloc(150_000)])
  assert.equal(counted.status, 413)
  assert.match(counted.body, /300000 bytes/)
  const full = jpeg(300_000 - jpeg().length)
  const just = await chunked(w.port, [full.subarray(0, 200_000), full.subarray(200_000)])
  assert.equal(just.status, 201, just.body)
  assert.equal((await w.stored()).length, 1)
})

function chunked(port: number, pieces: readonly Buffer[]): Promise<{ status: number; body: string }> {
  return new Promise((done, failed) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port,
        method: 'POST',
        path: '/api/files/photos',
        headers: { [PRINCIPAL]: JSON.stringify(ada), 'transfer-encoding': 'chunked' },
      },
      (response) => {
        let body = ''
        response.on('data', (chunk: Buffer) => {
          body += chunk.toString()
        })
        response.on('end', () => done({ status: response.statusCode ?? 0, body }))
      },
    )
    request.on('error', failed)
    for (const piece of pieces) request.write(piece)
    request.end()
  })
}

test('leaves nothing of an upload that breaks off', async (t) => {
  const w = await dataWorld(t, world)
  const request = httpRequest({
    host: '127.0.0.1',
    port: w.port,
    method: 'POST',
    path: '/api/files/photos',
    headers: { [PRINCIPAL]: JSON.stringify(ada), 'content-length': '200000' },
  })
  request.on('error', () => {})
  request.write(jpeg(50_000))
  await until('bytes on disk', async () => (await w.stored()).length === 1)
  request.destroy()
  await until('nothing on disk', async () => (await w.stored()).length === 0)
})

test('answers ranges, conditions and HEAD as RFC 9110 says', async (t) => {
  const w = await dataWorld(t, world)
  const bytes = jpeg(1000)
  const meta = await uploaded(w, bytes)
  const link = await linkTo(w, meta)
  const etag = `"${meta.sha256}"`
  const n = bytes.length
  const get = (headers: Record<string, string>, method = 'GET'): Promise<Reply> => w.ask(method, link, { site: 'files', headers })
  const parts: [string, number, number][] = [
    ['bytes=0-0', 0, 0],
    ['bytes=10-19', 10, 19],
    [`bytes=${n - 5}-`, n - 5, n - 1],
    ['bytes=-7', n - 7, n - 1],
    [`bytes=5-${n + 100}`, 5, n - 1],
    [`bytes=-${n * 2}`, 0, n - 1],
  ]
  for (const [range, start, end] of parts) {
    const reply = await get({ range })
    assert.equal(reply.status, 206, range)
    assert.equal(reply.headers['content-range'], `bytes ${start}-${end}/${n}`)
    assert.equal(reply.headers['content-length'], String(end - start + 1))
    assert.deepEqual(reply.bytes, bytes.subarray(start, end + 1))
  }
  for (const range of ['bytes=0-1,5-6', 'lines=1-2', 'bytes=', 'bytes=-', 'bytes=9-3', 'bytes=x-y', 'bytes 0-1']) {
    const reply = await get({ range })
    assert.equal(reply.status, 200, range)
    assert.deepEqual(reply.bytes, bytes)
  }
  for (const range of [`bytes=${n}-`, 'bytes=99999999-', 'bytes=-0']) {
    const reply = await get({ range })
    assert.deepEqual([reply.status, codeOf(reply), reply.headers['content-range']], [416, 'files.bad_range', `bytes */${n}`])
  }
  assert.equal((await get({ range: 'bytes=0-1', 'if-range': etag })).status, 206)
  assert.equal((await get({ range: 'bytes=0-1', 'if-range': '"other"' })).status, 200)
  assert.equal((await get({ range: 'bytes=0-1', 'if-range': 'Mon, 23 Nov 2026 12:00:00 GMT' })).status, 200)
  for (const tag of [etag, `"x", W/${etag}`, '*']) {
    const reply = await get({ 'if-none-match': tag })
    assert.deepEqual([reply.status, reply.body, reply.headers['etag']], [304, '', etag])
  }
  assert.equal((await get({ 'if-none-match': '"x"' })).status, 200)
  const head = await get({ range: 'bytes=0-1' }, 'HEAD')
  assert.deepEqual(
    [head.status, head.headers['content-length'], head.headers['content-type'], head.body],
    [200, String(n), 'image/jpeg', ''],
  )
})

test('a link is stable for minutes, ends by itself, and opens nothing else', async (t) => {
  const w = await dataWorld(t, world)
  const meta = await uploaded(w, jpeg())
  const other = await uploaded(w, jpeg(1))
  const link = await linkTo(w, meta)
  w.clock.advance(60_000)
  assert.equal(await linkTo(w, meta), link)
  const [path = '', query = ''] = link.split('?')
  const sig = new URLSearchParams(query).get('sig') ?? ''
  const exp = new URLSearchParams(query).get('exp') ?? ''
  const forged = [
    link.replace(meta.id, other.id),
    `${path}?exp=${Number(exp) + 600}&sig=${sig}`,
    `${path}?exp=${exp}&sig=${'A'.repeat(sig.length)}`,
    `${path}?exp=${exp}&sig=`,
    `${path}?sig=${sig}`,
    link.replace('/photos/', '/papers/'),
  ]
  for (const address of forged) {
    const reply = await w.ask('GET', address, { site: 'files' })
    assert.deepEqual([reply.status, codeOf(reply)], [404, 'files.not_found'], address)
  }
  w.clock.advance(3 * 60_000)
  assert.equal((await w.ask('GET', link, { site: 'files' })).status, 200)
  w.clock.advance(6 * 60_000)
  const late = await w.ask('GET', link, { site: 'files' })
  assert.deepEqual([late.status, codeOf(late)], [403, 'files.link_expired'])
  assert.notEqual(await linkTo(w, meta), link)
})

test('without a link only the owner gets the bytes, with the scope of the bucket', async (t) => {
  const w = await dataWorld(t, world)
  const meta = await uploaded(w, jpeg())
  const path = `/photos/${meta.id}`
  const statusFor = async (as?: Parameters<DataWorld['ask']>[2]): Promise<[number, string]> => {
    const reply = await w.ask('GET', path, { site: 'files', ...as })
    return [reply.status, reply.status === 200 ? '' : codeOf(reply)]
  }
  assert.deepEqual(await statusFor({ as: ada }), [200, ''])
  assert.deepEqual(await statusFor({ as: shop }), [200, ''])
  assert.deepEqual(await statusFor({ as: { ...shop, scopes: [] } }), [403, 'http.insufficient_scope'])
  assert.deepEqual(await statusFor({ as: bob }), [404, 'files.not_found'])
  assert.deepEqual(await statusFor({ as: { kind: 'operator', sessionId: 'o' } }), [401, 'http.unauthenticated'])
  assert.deepEqual(await statusFor(), [401, 'http.unauthenticated'])
  const missing = await w.ask('GET', `/photos/${'0'.repeat(26)}`, { site: 'files', as: bob })
  const hidden = await w.ask('GET', path, { site: 'files', as: bob })
  assert.equal(missing.body, hidden.body)
  assert.deepEqual(Object.keys(missing.headers), Object.keys(hidden.headers))
  const shown = await w.ask('GET', path, { site: 'files', as: ada })
  assert.equal(shown.headers['cache-control'], 'private, no-cache')
})

test('only the owner sees and removes what is loose; others learn nothing', async (t) => {
  const w = await dataWorld(t, world)
  const meta = await uploaded(w, jpeg())
  const path = `/api/files/photos/${meta.id}`
  for (const method of ['GET', 'DELETE']) {
    assert.equal((await w.ask(method, path, { as: bob })).status, 404)
    assert.equal((await w.ask(method, path)).status, 401)
    assert.equal((await w.ask(method, `/api/files/papers/${meta.id}`, { as: ada })).status, 404)
  }
  assert.equal((await w.ask('DELETE', path, { as: shop })).status, 403)
  assert.equal((await w.ask('POST', '/api/files/photos', { as: shop, body: jpeg() })).status, 403)
  assert.equal((await w.ask('POST', '/api/files/photos', { body: jpeg() })).status, 401)
  assert.equal((await w.stored()).length, 1)
  assert.equal((await w.ask('DELETE', path, { as: ada })).status, 204)
  assert.equal((await w.ask('GET', path, { as: ada })).status, 404)
  assert.deepEqual(await w.stored(), [])
})

test("a file that is held is nobody else's, and goes only with its holder", async (t) => {
  const w = await dataWorld(t, world)
  const meta = await uploaded(w, jpeg())
  const call = { principal: ada, requestId: 't', signal: new AbortController().signal, deadline: 0 }
  const system = { ...call, principal: { kind: 'system', name: 'test' } as const }
  await assert.rejects(w.files.reserve({ ...call, principal: bob }, meta.id, { bucket: 'photos', holder: 'x/1' }), {
    code: 'files.not_found',
  })
  await assert.rejects(w.files.reserve(call, meta.id, { bucket: 'papers', holder: 'x/1' }), { code: 'files.not_found' })
  const tries = await Promise.allSettled(
    Array.from({ length: 10 }, (_, index) => w.files.reserve(call, meta.id, { bucket: 'photos', holder: `x/${index}` })),
  )
  assert.equal(tries.filter((result) => result.status === 'fulfilled').length, 1)
  const holder = `x/${tries.findIndex((result) => result.status === 'fulfilled')}`
  assert.equal((await w.ask('DELETE', `/api/files/photos/${meta.id}`, { as: ada })).status, 409)
  await assert.rejects(w.files.confirm(call, meta.id, holder), { code: 'files.not_found' })
  await w.files.confirm(system, meta.id, holder)
  await w.files.confirm(system, meta.id, holder)
  await w.files.release(system, meta.id, holder)
  await assert.rejects(w.files.reserve(call, meta.id, { bucket: 'photos', holder: 'y/1' }), { code: 'files.in_use' })
  await assert.rejects(w.files.remove(system, meta.id, 'y/1'), { code: 'files.not_found' })
  assert.equal((await w.stored()).length, 1)
  await w.files.remove(system, meta.id, holder)
  assert.deepEqual(await w.stored(), [])
})

test('the sweep takes what nobody named for a day and bytes without a row, and nothing else', async (t) => {
  const w = await dataWorld(t, world)
  const call = { principal: ada, requestId: 't', signal: new AbortController().signal, deadline: 0 }
  const system = { ...call, principal: { kind: 'system', name: 'test' } as const }
  await uploaded(w, jpeg(1))
  const reserved = await uploaded(w, jpeg(2))
  await w.files.reserve(call, reserved.id, { bucket: 'photos', holder: 'x/1' })
  const held = await uploaded(w, jpeg(3))
  await w.files.reserve(call, held.id, { bucket: 'photos', holder: 'x/2' })
  await w.files.confirm(system, held.id, 'x/2')
  w.clock.advance(23 * 60 * 60 * 1000)
  const fresh = await uploaded(w, jpeg(4))
  await w.runJob('files.sweep')
  assert.equal((await w.stored()).length, 4)
  w.clock.advance(2 * 60 * 60 * 1000)
  await w.runJob('files.sweep')
  assert.equal((await w.stored()).length, 3)
  for (const { id } of [reserved, held, fresh]) assert.equal((await w.ask('GET', `/api/files/photos/${id}`, { as: ada })).status, 200)
  const [kept = ''] = await w.stored()
  const key = newId(1)
  const orphan = join(dirname(dirname(kept)), key.slice(-2), key)
  await mkdir(dirname(orphan), { recursive: true })
  await writeFile(orphan, 'bytes without a row')
  const justNow = new Date(w.clock.now())
  await utimes(orphan, justNow, justNow)
  await w.runJob('files.sweep')
  assert.equal((await w.stored()).length, 4)
  const longAgo = new Date(w.clock.now() - 25 * 60 * 60 * 1000)
  await utimes(orphan, longAgo, longAgo)
  await w.runJob('files.sweep')
  assert.ok(!(await w.stored()).includes(orphan))
  w.clock.advance(7 * 24 * 60 * 60 * 1000)
  await w.runJob('files.sweep')
  assert.deepEqual((await w.stored()).length, 1)
  assert.equal((await w.files.stat(call, held.id)).sha256, held.sha256)
})

test('malformed names and ids are refused without harm', async (t) => {
  const w = await dataWorld(t, world)
  const bad = await w.ask('POST', '/api/files/photos', { as: ada, body: jpeg(), headers: { 'x-file-name': '%E0%A4%A' } })
  assert.deepEqual([bad.status, codeOf(bad)], [400, 'http.bad_request'])
  for (const id of ['x', '%2e%2e%2f%2e%2e', '__proto__', "'%20or%201=1", '0'.repeat(200)]) {
    const reply = await w.ask('GET', `/photos/${id}`, { site: 'files', as: ada })
    assert.ok(reply.status === 404 || reply.status === 422, `${id} ${reply.status}`)
  }
  for (const [name, kept] of [
    ['', 'file'],
    ['../../etc/passwd', 'passwd'],
    ['..', 'file'],
    ['a\r\nset-cookie: x', 'aset-cookie: x'],
    ['x'.repeat(500), 'x'.repeat(200)],
  ] as const) {
    assert.equal((await uploaded(w, jpeg(), name)).name, kept)
  }
})
