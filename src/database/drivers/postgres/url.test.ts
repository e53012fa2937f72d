// What a database URL may say, and what is refused without showing it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePostgresUrl } from './url.ts'

test('reads every part, with defaults for what is not said', () => {
  assert.deepEqual(parsePostgresUrl('postgres://localhost/shop'), {
    host: 'localhost',
    port: 5432,
    user: 'postgres',
    password: undefined,
    database: 'shop',
    schema: 'public',
    connections: 10,
    tls: false,
  })
  const full = parsePostgresUrl('postgresql://an%40a:p%2Fw%3F@[::1]:6000/my%20shop?schema=blue&connections=3')
  assert.deepEqual(full, {
    ...full,
    host: '::1',
    port: 6000,
    user: 'an@a',
    password: 'p/w?',
    database: 'my shop',
    schema: 'blue',
    connections: 3,
  })
  assert.equal(parsePostgresUrl('postgres:///shop?host=/run/postgresql').host, '/run/postgresql')
})

test('another machine is only spoken to when the URL says how the way is protected', () => {
  assert.throws(() => parsePostgresUrl('postgres://db.example.org/shop'), /sslmode=verify-full/)
  assert.throws(() => parsePostgresUrl('postgres://10.0.0.1/shop'), /sslmode/)
  assert.throws(() => parsePostgresUrl('postgres://127.0.0.1.example.org/shop'), /sslmode/)
  assert.equal(parsePostgresUrl('postgres://db.example.org/shop?sslmode=disable').tls, false)
  assert.deepEqual(parsePostgresUrl('postgres://db.example.org/shop?sslmode=verify-full').tls, { rejectUnauthorized: true })
  const { tls } = parsePostgresUrl('postgres://db.example.org/shop?sslmode=verify-ca')
  assert.equal(tls !== false && tls.rejectUnauthorized, true)
  for (const mode of ['prefer', 'allow', 'on', '']) {
    assert.throws(() => parsePostgresUrl(`postgres://db.example.org/shop?sslmode=${mode}`), /verify-full/)
  }
})

test('refuses what it does not understand, and never shows the password', () => {
  const bad = [
    'not a url with s3cret',
    'mysql://ada:s3cret@localhost/shop',
    'postgres://ada:s3cret@localhost',
    'postgres://ada:s3cret@localhost/shop?schema=Bad-Name',
    'postgres://ada:s3cret@localhost/shop?schema=a%22;drop',
    'postgres://ada:s3cret@localhost/shop?connections=0',
    'postgres://ada:s3cret@localhost/shop?connections=many',
    'postgres://ada:s3cret@localhost/shop?options=-c%20fsync=off',
    'postgres://ada:s3cret@db.example.org/shop',
  ]
  for (const url of bad) {
    assert.throws(
      () => parsePostgresUrl(url),
      (error: Error) => !error.message.includes('s3cret'),
      url,
    )
  }
})
