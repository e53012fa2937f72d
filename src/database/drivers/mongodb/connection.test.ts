import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { connect } from './connection.ts'

test('a URL that cannot be read is refused without repeating any of it', async () => {
  // The driver takes the password of the first for a port, and says so.
  for (const url of ['mongodb://user:secret', 'mongodb://user:sec/ret@localhost/db', 'mongodb://user:secret@host/db?nonsense=1']) {
    const error: unknown = await connect({ url }).then(
      () => undefined,
      (refusal: unknown) => refusal,
    )
    assert.ok(error instanceof Error)
    assert.match(error.message, /^The URL of the MongoDB database cannot be read\./)
    assert.doesNotMatch(inspect(error, { depth: 8 }), /secret|sec\/ret|nonsense/)
  }
})
