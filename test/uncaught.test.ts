// An error that nobody has caught: the process ends, but not in the middle of other people's answers, and not without a word.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startPlatform } from './support/platform.ts'

test('an error that nobody has caught is logged with its cause, and ends the process in order', async (t) => {
  const platform = await startPlatform({ config: 'test/fixtures/failing/ninefold.config.ts' })
  t.after(() => platform.stop({ remove: true }))
  const begun = Date.now()
  const reply = await platform.send('api', { path: '/api/notes/mistake' })
  assert.deepEqual([reply.status, reply.body], [200, '{"answered":true}'], 'what was under way is answered')
  assert.equal(await platform.ended, 1)
  assert.ok(Date.now() - begun < 14_000, 'by itself, before it would be ended by force')
  const line = platform
    .output()
    .split('\n')
    .find((each) => each.includes('"fatal"'))
  assert.ok(line, platform.output())
  const { level, event, err } = JSON.parse(line)
  assert.deepEqual([level, event, err.message], ['fatal', 'platform.failed', 'nobody catches this'])
  assert.match(err.stack, /ninefold\.config\.ts/)
})
