// The way to a PostgreSQL server on another machine: what the URL asks for is what happens, and nothing falls back.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createLogger } from '#kernel/log.ts'
import { createPostgresEngine } from '../../src/database/drivers/postgres/engine.ts'
import { type PostgresServer, startPostgres, withoutPostgres } from '../support/postgres.ts'

const logger = createLogger({ level: 'silent' })
const withoutOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'

describe('TLS to PostgreSQL', { skip: withoutPostgres === false ? withoutOpenssl : withoutPostgres }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ninefold-tls-'))
  const certificate = join(folder, 'server.crt')
  const key = join(folder, 'server.key')
  let server: PostgresServer
  let plain: PostgresServer

  before(async () => {
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    const make = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      certificate,
    ]
    execFileSync('openssl', [...make, ...subject], { stdio: 'ignore' })
    const files = { 'server.crt': readFileSync(certificate, 'utf8'), 'server.key': readFileSync(key, 'utf8') }
    server = await startPostgres({ files, settings: { ssl: 'on', ssl_cert_file: '../server.crt', ssl_key_file: '../server.key' } })
    plain = await startPostgres()
  })
  after(async () => {
    await server.stop()
    await plain.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const tryWith = async (host: string, parameters: string, to = server): Promise<string> => {
    const engine = createPostgresEngine({ url: `postgres://ninefold@${host}:${to.port}/postgres?${parameters}`, logger })
    await engine.start([])
    try {
      return to.sql("select bool_and(ssl) from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'ninefold'").trim()
    } finally {
      await engine.stop()
    }
  }

  test('every mode that asks for encryption gets it, or refuses', async () => {
    const authority = `sslrootcert=${encodeURIComponent(certificate)}`
    assert.equal(await tryWith('localhost', `sslmode=verify-full&${authority}`), 't')
    assert.equal(await tryWith('127.0.0.1', `sslmode=verify-ca&${authority}`), 't')
    assert.equal(await tryWith('127.0.0.1', 'sslmode=require'), 't')
    assert.equal(await tryWith('127.0.0.1', 'sslmode=disable'), 'f')
    const refused = (message: RegExp) => ({ code: 'database.unavailable', message })
    await assert.rejects(tryWith('127.0.0.1', `sslmode=verify-full&${authority}`), refused(/does not match|altnames/))
    await assert.rejects(tryWith('localhost', 'sslmode=verify-full'), refused(/self-signed/))
    await assert.rejects(tryWith('localhost', 'sslmode=verify-ca'), refused(/self-signed/))
    for (const mode of ['require', `verify-full&${authority}`]) {
      await assert.rejects(tryWith('localhost', `sslmode=${mode}`, plain), refused(/does not support SSL/))
    }
  })
})
