// Clients from the command line while the platform runs: usable within a second, for scripts too, and gone as fast.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ORIGINS_CHANNEL as PUBLISHED } from '../../src/auth/clients/origins.ts'
import { ORIGINS_CHANNEL as LISTENED } from '../../src/gateway/client-origins.ts'
import { ninefold, type Ran } from '../support/command.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { scenarioEnvironment } from '../support/scenario-database.ts'
import { until } from '../support/until.ts'

const ORIGIN = 'https://frames.example'

test('gateways listen where auth publishes', () => {
  assert.equal(LISTENED, PUBLISHED)
})

describe('the command "clients"', () => {
  let platform: PlatformProcess

  before(async () => {
    platform = await startPlatform()
  })
  after(() => platform.stop({ remove: true }))

  const clients = (...words: string[]): Promise<Ran> =>
    ninefold(['clients', ...words, '--data-dir', platform.dataDir, '--port', String(platform.port), '--log-level', 'error'], {
      environment: scenarioEnvironment(platform.dataDir),
    })
  const begin = async (): Promise<number> => {
    const query = new URLSearchParams({
      client_id: 'frames',
      redirect_uri: `${ORIGIN}/callback`,
      response_type: 'code',
      scope: 'openid photos:read',
      code_challenge: 'x'.repeat(43),
      code_challenge_method: 'S256',
    })
    return (await platform.send('accounts', { path: `/authorize?${query.toString()}` })).status
  }
  const isShared = async (): Promise<boolean> => {
    const headers = { origin: ORIGIN, 'access-control-request-method': 'GET' }
    const reply = await platform.send('diary', { method: 'OPTIONS', path: '/api/photos', headers })
    return reply.headers['access-control-allow-origin'] === ORIGIN
  }

  test('adds a client that works at once, changes nothing by a slip, and removes it', async () => {
    assert.equal(await begin(), 400)
    assert.equal(await isShared(), false)
    const words = [
      '--redirect-uri',
      `${ORIGIN}/callback`,
      '--origin',
      ORIGIN,
      '--scope',
      'photos:read',
      '--name',
      'Frames',
      '--with-secret',
    ]
    const added = await clients('add', 'frames', ...words)
    assert.equal(added.code, 0, added.err)
    assert.match(JSON.parse(added.out).secret, /^[\w-]{43}$/)
    assert.doesNotMatch(added.out, /secretHashes/, 'a list of none beside a secret reads as if there were none')
    await until('the client to be known', async () => (await begin()) === 200)
    await until('its origin to be shared', isShared)
    const twice = await clients('add', 'frames', ...words)
    assert.equal(twice.code, 1)
    assert.match(twice.err, /There is a client "frames" already/)
    assert.doesNotMatch(twice.err, /\n\s+at /)
    const file = join(platform.dataDir, 'frames.json')
    await writeFile(file, JSON.stringify({ lifetimes: { accessToken: 60 }, consent: 'once', colour: 'red' }))
    const odd = await clients('change', 'frames', '--from', file)
    assert.equal(odd.code, 1)
    assert.match(odd.err, /colour/)
    await writeFile(file, JSON.stringify({ lifetimes: { accessToken: 60 }, consent: 'once' }))
    const changed = await clients('change', 'frames', '--from', file, '--consent', 'always')
    assert.equal(changed.code, 0, changed.err)
    const { definition } = JSON.parse(changed.out)
    assert.deepEqual(
      [definition.lifetimes, definition.consent, definition.redirectUris, definition.name],
      [{ accessToken: 60 }, 'always', [`${ORIGIN}/callback`], 'Frames'],
    )
    await writeFile(file, JSON.stringify({ ...definition, name: 'Frames and more' }))
    const again = await clients('change', 'frames', '--from', file)
    assert.equal(again.code, 0, 'what is printed goes in again')
    assert.deepEqual(JSON.parse(again.out).definition, { ...definition, name: 'Frames and more' })
    await writeFile(file, JSON.stringify({ ...definition, clientId: 'albums' }))
    assert.match((await clients('change', 'frames', '--from', file)).err, /is about the client "albums", and not about "frames"/)
    for (const slip of [[], ['--from', '/nowhere'], ['--consent', 'sometimes']]) {
      const refused = await clients('change', 'frames', ...slip)
      assert.equal(refused.code, 1)
      assert.match(refused.err, /Say what is to change|cannot be read|consent/)
    }
    assert.equal((await clients('block', 'frames')).code, 0)
    await until('the client to be refused', async () => (await begin()) === 400)
    await until('its origin to be kept out', async () => !(await isShared()))
    assert.match((await clients('list')).out, /^frames .* blocked /m)
    assert.equal((await clients('unblock', 'frames')).code, 0)
    await until('the client to be let in', async () => (await begin()) === 200)
    await until('its origin to be shared again', isShared)
    const looked = await clients('remove', 'frames', '--dry-run')
    assert.deepEqual([looked.code, looked.out], [1, ''])
    assert.match(looked.err, /^"clients remove" does nothing with --dry-run\. Nothing was done\./)
    assert.equal(await begin(), 200, 'it is there still')
    assert.equal((await clients('remove', 'frames')).code, 0)
    await until('the client to be gone', async () => (await begin()) === 400)
    await until('its origin to be shared no more', async () => !(await isShared()))
  })

  test('what is printed of a client goes in again with the hashes of its secrets, which are not printed', async () => {
    const secret = 'a secret that somebody has brought along'
    const file = join(platform.dataDir, 'brought.json')
    const authentication = { method: 'client_secret_post', secretHashes: [createHash('sha256').update(secret).digest('base64url')] }
    await writeFile(file, JSON.stringify({ redirectUris: [`${ORIGIN}/callback`], authentication }))
    const added = await clients('add', 'brought', '--from', file)
    assert.equal(added.code, 0, added.err)
    const redeem = async (client_secret: string): Promise<unknown> => {
      const form = {
        grant_type: 'authorization_code',
        client_id: 'brought',
        client_secret,
        code: 'none',
        redirect_uri: `${ORIGIN}/callback`,
      }
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const body = new URLSearchParams(form).toString()
      return JSON.parse((await platform.send('accounts', { method: 'POST', path: '/token', headers, body })).body).error
    }
    await until('the secret to count', async () => (await redeem(secret)) === 'invalid_grant')
    const shown = await clients('show', 'brought')
    assert.doesNotMatch(shown.out, /secretHashes/)
    await writeFile(file, JSON.stringify({ ...JSON.parse(shown.out).definition, name: 'Brought along' }))
    const changed = await clients('change', 'brought', '--from', file)
    assert.equal(changed.code, 0, changed.err)
    await until('the change to count', async () => /Brought along/.test((await clients('show', 'brought')).out))
    assert.deepEqual([await redeem(secret), await redeem('another')], ['invalid_grant', 'invalid_client'])
  })
})
