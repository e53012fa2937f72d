// Uploads and downloads through the whole platform: sessions, tokens, limits and the headers of the files origin.
import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { jpeg } from '../support/data-world.ts'
import type { Reply } from '../support/http.ts'
import { type Person, session, signIn, signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { thirdPartyTokens } from '../support/third-party.ts'

interface Photo {
  readonly id: string
  readonly image: string
  readonly imageUrl: string
}

const LIMIT = 10 * 1024 * 1024

describe('files through the gateway', () => {
  let platform: PlatformProcess
  let ada: Person
  let csrfToken: string

  const own = (headers: Record<string, string> = {}): Record<string, string> => ({
    'x-csrf-token': csrfToken,
    'sec-fetch-site': 'same-origin',
    origin: platform.origin('diary'),
    ...headers,
  })
  const diary = (
    path: string,
    options: { method?: string; body?: string | Uint8Array; headers?: Record<string, string> } = {},
  ): Promise<Reply> => ada.visitor.request(new URL(platform.origin('diary') + path), { ...options, headers: own(options.headers) })
  const fromFiles = (url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Reply> => {
    const { pathname, search } = new URL(url, platform.origin('files'))
    return platform.send('files', { path: pathname + search, headers, method })
  }
  const upload = async (body: Uint8Array): Promise<string> => {
    const reply = await diary('/api/files/photos', { method: 'POST', body, headers: { 'x-file-name': 'day.png' } })
    assert.equal(reply.status, 201, reply.body)
    return (JSON.parse(reply.body) as { id: string }).id
  }
  const createPhoto = async (body: Uint8Array): Promise<Photo> => {
    const json = JSON.stringify({ caption: 'A day', image: await upload(body), visibility: 'private' })
    const reply = await diary('/api/photos', { method: 'POST', body: json, headers: { 'content-type': 'application/json' } })
    assert.equal(reply.status, 201, reply.body)
    return JSON.parse(reply.body) as Photo
  }
  /** A body whose length is not announced, all of it sent whether it is wanted or not. */
  const chunked = (pieces: readonly Buffer[]): Promise<{ status: number; body: string }> =>
    new Promise((done, failed) => {
      const cookie = ada.visitor.jar(`diary.localhost:${platform.port}`).header()
      const headers = own({ host: `diary.localhost:${platform.port}`, cookie, 'transfer-encoding': 'chunked' })
      const request = httpRequest(
        { host: '127.0.0.1', port: platform.port, method: 'POST', path: '/api/files/photos', headers, agent: false },
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

  before(async () => {
    platform = await startPlatform()
    ada = await signUp(platform, 'ada@example.com')
    await signIn(platform, ada)
    ;({ csrfToken } = await session(platform, ada.visitor))
  })

  after(async () => {
    await platform?.stop({ remove: true })
  })

  test('a photo goes in by the session and comes out by its link, in the sandbox of the files origin', async () => {
    const bytes = jpeg(300_000)
    const photo = await createPhoto(bytes)
    const shown = await fromFiles(photo.imageUrl)
    assert.equal(shown.status, 200)
    assert.deepEqual(shown.bytes, bytes)
    assert.equal(shown.headers['content-type'], 'image/jpeg')
    assert.match(String(shown.headers['content-security-policy']), /^default-src 'none'; sandbox;/)
    assert.equal(shown.headers['x-content-type-options'], 'nosniff')
    assert.equal(shown.headers['cross-origin-resource-policy'], 'cross-origin')
    assert.match(String(shown.headers['cache-control']), /^private, max-age=\d+, immutable$/)
    assert.equal(shown.headers['set-cookie'], undefined)
    const part = await fromFiles(photo.imageUrl, { range: 'bytes=2-5' })
    assert.deepEqual([part.status, part.headers['content-range'], part.bytes], [206, `bytes 2-5/${bytes.length}`, bytes.subarray(2, 6)])
    const head = await fromFiles(photo.imageUrl, {}, 'HEAD')
    assert.deepEqual([head.status, head.headers['content-length'], head.bytes.length], [200, String(bytes.length), 0])
    const same = await fromFiles(photo.imageUrl, { 'if-none-match': String(shown.headers['etag']) })
    assert.deepEqual([same.status, same.bytes.length], [304, 0])
  })

  test('the files origin knows no session, and a bearer sees what its owner has', async () => {
    const photo = await createPhoto(jpeg(10))
    const path = `/photos/${photo.image}`
    const cookie = ada.visitor.jar(`diary.localhost:${platform.port}`).header()
    assert.equal((await fromFiles(path, { cookie })).status, 401)
    const { access_token } = await thirdPartyTokens(platform, ada)
    const authorization = `Bearer ${access_token}`
    const shown = await fromFiles(path, { authorization, origin: `http://printshop.localhost:${platform.port + 1}` })
    assert.deepEqual([shown.status, shown.bytes], [200, jpeg(10)])
    assert.equal(shown.headers['access-control-allow-origin'], `http://printshop.localhost:${platform.port + 1}`)
    const refused = await platform.send('diary', { path: `/api/photos/${photo.id}`, method: 'DELETE', headers: { authorization } })
    assert.deepEqual([refused.status, (JSON.parse(refused.body) as { code: string }).code], [403, 'http.insufficient_scope'])
    assert.equal((await diary(`/api/photos/${photo.id}`)).status, 200)
  })

  test('a body that is too large is answered, not cut off, and the next request goes through', async () => {
    const announced = await diary('/api/files/photos', { method: 'POST', body: Buffer.alloc(LIMIT + 1, 'x') })
    assert.equal(announced.status, 413, announced.body)
    const counted = await chunked([jpeg(LIMIT - 1000), Buffer.alloc(100_000)])
    assert.equal(counted.status, 413, counted.body)
    assert.match(counted.body, /10485760 bytes/)
    const text = await chunked([Buffer.from('<svg onload=alert(1)>'), Buffer.alloc(500_000, 'x')])
    assert.equal(text.status, 415, text.body)
    await upload(jpeg(LIMIT - jpeg().length))
  })
})
