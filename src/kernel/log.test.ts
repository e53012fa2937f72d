// What must not be in a log line.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger, lineWriter } from './log.ts'

function linesOf(write: (logger: ReturnType<typeof createLogger>) => void): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = []
  write(createLogger({ level: 'info', stream: { write: (line) => void lines.push(JSON.parse(line)) } }))
  return lines
}

test('a line has its level by name, its time, and the fields of its child logger', () => {
  const [line] = linesOf((logger) => logger.child({ server: 'auth' }).warn({ attempt: 2 }, 'again'))
  assert.deepEqual({ ...line, time: typeof line?.['time'] }, { level: 'warn', time: 'string', server: 'auth', attempt: 2, msg: 'again' })
})

test('secrets are redacted by name, here and one level down, and the object stays as it was', () => {
  const fields = { token: 's3cret', headers: { authorization: 'Bearer s3cret', host: 'a' }, list: [1] }
  const lines = linesOf((logger) => logger.child({ server: 'auth' }).info(fields, 'x'))
  assert.ok(!JSON.stringify(lines).includes('s3cret'))
  assert.deepEqual(lines[0]?.['headers'], { authorization: '[redacted]', host: 'a' })
  assert.equal(fields.headers.authorization, 'Bearer s3cret')
})

test('an error keeps its code and loses its secrets', () => {
  const error = Object.assign(new Error('no'), { code: 'ECONNREFUSED', access_token: 's3cret', response: { cookie: 's3cret' } })
  const [line] = linesOf((logger) => logger.error({ err: error }, 'failed'))
  assert.ok(!JSON.stringify(line).includes('s3cret'))
  assert.deepEqual(Object(line?.['err']).code, 'ECONNREFUSED')
})

test('a line of fixed fields is the line that the logger itself would write', () => {
  const fields = { route: '/api/"x"', status: 200, principal: 'user' }
  const lines = linesOf((logger) => {
    const child = logger.child({ server: 'monitoring' })
    child.info(fields, 'request')
    lineWriter(child, 'request')('info', fields)
  })
  const [theirs, ours] = lines.map((line) => JSON.stringify({ ...line, time: '' }))
  assert.equal(ours, theirs)
  assert.match(String(lines[1]?.['time']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.ok(Math.abs(Date.parse(String(lines[1]?.['time'])) - Date.now()) < 5000)
})

test('a line of fixed fields is written at its level only', () => {
  const lines: string[] = []
  const write = lineWriter(createLogger({ level: 'error', stream: { write: (line) => void lines.push(line) } }), 'request')
  write('info', { status: 200 })
  write('error', { status: 500 })
  assert.equal(lines.length, 1)
})
