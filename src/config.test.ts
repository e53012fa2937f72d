import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ConfigError, readConfig } from './config.ts'

const KEY = 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA'
const production = {
  NINEFOLD_MODE: 'production',
  NINEFOLD_DOMAIN: 'diary.example',
  NINEFOLD_MASTER_KEY: KEY,
  NINEFOLD_JOBS_SMTP_URL: 'smtp://mail.example',
  NINEFOLD_GATEWAY_HOST: '0.0.0.0',
  NINEFOLD_GATEWAY_TRUSTED_PROXIES: '10.0.0.2',
}

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfig({ environment })
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.problems
  }
  return []
}

test('the defaults are good for development', () => {
  const { config } = readConfig({ environment: {} })
  assert.equal(config.platform.mode, 'development')
  assert.equal(config.gateway.host, '127.0.0.1')
  assert.equal(config.monitoring.retentionDays, 30)
})

test('a complete production configuration is accepted', () => {
  assert.deepEqual(problemsOf(production), [])
})

test('production names everything that is missing at once', () => {
  const problems = problemsOf({ NINEFOLD_MODE: 'production' })
  for (const name of ['NINEFOLD_DOMAIN', 'NINEFOLD_MASTER_KEY', 'NINEFOLD_JOBS_SMTP_URL', 'NINEFOLD_GATEWAY_TRUSTED_PROXIES']) {
    assert.ok(
      problems.some((problem) => problem.startsWith(name)),
      name,
    )
  }
})

test('the sender of mails is a mailbox', () => {
  for (const sender of [
    'garbage',
    'The Shop',
    'a@shop.example, b@shop.example',
    'The Shop <shop>',
    'The Shop <a@shop.example>\r\nBcc: b@shop.example',
  ]) {
    assert.match(
      problemsOf({ ...production, NINEFOLD_JOBS_MAIL_FROM: sender }).join(),
      /^NINEFOLD_JOBS_MAIL_FROM:? must be one mailbox/,
      sender,
    )
  }
  for (const sender of ['no-reply@shop.example', 'The Shop <no-reply@shop.example>', '"Shop, The" <no-reply@shop.example>']) {
    assert.deepEqual(problemsOf({ ...production, NINEFOLD_JOBS_MAIL_FROM: sender }), [], sender)
  }
})

test('a weak master key is refused and never printed', () => {
  for (const key of ['short', 'A'.repeat(43)]) {
    const problems = problemsOf({ ...production, NINEFOLD_MASTER_KEY: key })
    assert.equal(problems.length, 1, key)
    assert.ok(!problems.join().includes(key))
  }
})

test('development does not listen beyond loopback', () => {
  assert.match(problemsOf({ NINEFOLD_GATEWAY_HOST: '0.0.0.0' }).join(), /loopback/)
})

test('an unknown variable of ours is refused with the nearest name', () => {
  assert.match(problemsOf({ NINEFOLD_GATEWAY_PROT: '1' }).join(), /did you mean NINEFOLD_GATEWAY_PORT/)
})

test('a value that does not fit names its variable', () => {
  assert.match(problemsOf({ NINEFOLD_GATEWAY_PORT: 'http' }).join(), /^NINEFOLD_GATEWAY_PORT: must be a whole number/)
})

test('requirement 69: hashes of passwords that are too cheap do not start, with what was set and what to do', () => {
  const problems = problemsOf({ NINEFOLD_AUTH_PASSWORD_PASSES: '1' })
  assert.equal(problems.length, 1, problems.join())
  assert.match(problems.join(), /MEMORY_KIB=19456 with NINEFOLD_AUTH_PASSWORD_PASSES=1 makes .* too cheap .*MEMORY_KIB to at least 47104/)
  assert.match(problemsOf({ ...production, NINEFOLD_AUTH_PASSWORD_MEMORY_KIB: '64' }).join(), /too cheap/)
  const { config } = readConfig({ environment: { NINEFOLD_AUTH_PASSWORD_MEMORY_KIB: '65536', NINEFOLD_AUTH_PASSWORD_PASSES: '3' } })
  assert.deepEqual([config.auth.passwordMemoryKib, config.auth.passwordPasses], [65_536, 3])
})

test('hashes of passwords that cost more than a sign-in may do not start', () => {
  assert.match(problemsOf({ NINEFOLD_AUTH_PASSWORD_MEMORY_KIB: '262145' }).join(), /^NINEFOLD_AUTH_PASSWORD_MEMORY_KIB: .*262144/)
  assert.match(problemsOf({ NINEFOLD_AUTH_PASSWORD_PASSES: '21' }).join(), /^NINEFOLD_AUTH_PASSWORD_PASSES: .*20/)
})

test('a secret can come from a file, not from both', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'ninefold-config-')), 'key')
  writeFileSync(file, `${KEY}\n`)
  const { NINEFOLD_MASTER_KEY: _, ...rest } = production
  const { config, rows } = readConfig({ environment: { ...rest, NINEFOLD_MASTER_KEY_FILE: file } })
  assert.equal(config.platform.masterKey?.reveal(), KEY)
  assert.ok(!JSON.stringify(rows).includes(KEY))
  assert.match(problemsOf({ ...production, NINEFOLD_MASTER_KEY_FILE: file }).join(), /keep one/)
})

test('a host of its own for certificates is one label, and needs the header that they come in', () => {
  const header = { NINEFOLD_GATEWAY_CLIENT_CERTIFICATE_HEADER: 'Client-Cert' }
  const read = (host: string, more: Record<string, string> = header) =>
    readConfig({ environment: { ...more, NINEFOLD_GATEWAY_CLIENT_CERTIFICATE_HOST: host } })
  assert.equal(read('mtls').config.gateway.clientCertificateHost, 'mtls')
  for (const host of ['mtls.example.org', 'https://mtls', '-mtls', 'MTLS']) assert.throws(() => read(host), /one label of a host name/)
  assert.throws(() => read('mtls', {}), /CLIENT_CERTIFICATE_HOST is of use only with NINEFOLD_GATEWAY_CLIENT_CERTIFICATE_HEADER/)
})
