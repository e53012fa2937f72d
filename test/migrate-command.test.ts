// `ninefold migrate`, as an operator runs it.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { systemClock } from '#kernel/clock.ts'
import { insertInto } from '#kernel/collection.ts'
import { newId } from '#kernel/ids.ts'
import { createLogger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import { createSqliteDatabase } from '../src/database/server.ts'
import { call } from './support/database.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'ninefold-migrate-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function app(name: string, migrations: string): string {
  const file = join(folder, `${name}.config.ts`)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(
    file,
    `import { defineApp, resource, z } from '${pathToFileURL(join(root, 'src', 'index.ts')).href}'
export default defineApp({
  name: 'Notebook',
  scopes: { 'notes:read': 'read your notes', 'notes:write': 'change your notes' },
  resources: [resource('notes', {
    schema: z.strictObject({ text: z.string() }),
    indexes: { byOwner: { fields: ['ownerId', 'createdAt'] } },
    access: [{ who: 'owner', may: ['list', 'get'] }],
    scopes: { read: 'notes:read', write: 'notes:write' },
    ${migrations}
  })],
  frontends: [{ name: 'notes', title: 'Notebook', mode: 'cookie', scopes: ['notes:read'], folder: ${JSON.stringify(folder)} }],
})
`,
  )
  return file
}

async function migrate(config: string, ...more: readonly string[]): Promise<string> {
  const args = [
    join(root, 'src', 'main.ts'),
    'migrate',
    '--config',
    config,
    '--data-dir',
    join(folder, 'data'),
    '--log-level',
    'error',
    ...more,
  ]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder })
  return stdout
}

test('says what a start would change without changing it, then does it', { timeout: 300_000 }, async () => {
  const first = app('first', '')
  const fresh = await migrate(first, '--plan')
  assert.match(fresh, /^CREATE TABLE "resource_notes"/m)
  assert.ok(!existsSync(join(folder, 'data')), 'a plan leaves no trace')
  assert.match(await migrate(first), /The database is what the app declares/)
  assert.equal(await migrate(first, '--plan'), 'Nothing has to be changed.\n')

  const server = createSqliteDatabase({
    file: join(folder, 'data', 'database', 'main.db'),
    clock: systemClock,
    logger: createLogger({ level: 'silent' }),
  })
  const notes = { name: 'resource_notes', schema: z.looseObject({ id: z.string() }), indexes: {} }
  server.contract.collection(notes)
  await server.start()
  const times = { createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z' }
  await server.contract.commit(
    call,
    Array.from({ length: 70 }, (_, number) =>
      insertInto(notes, { id: newId(number), ownerId: newId(1), ...times, body: `note ${number}` }),
    ),
  )
  await server.stop()

  const second = app('second', `migrations: [{ changes: ['body', 'text'], up: ({ body, ...rest }) => ({ ...rest, text: body }) }],`)
  const plan = await migrate(second, '--plan')
  assert.match(plan, /resource_notes\s+0 to 1\s+70\s+while it is in use/)
  assert.equal(await migrate(second, '--plan'), plan, 'it still has to be done')
  assert.match(await migrate(second), /70/)
  assert.equal(await migrate(second, '--plan'), 'Nothing has to be changed.\n')
  await assert.rejects(migrate(first), { stderr: /resource_notes has shape 1.*knows shapes up to 0/ })
  await assert.rejects(migrate(first, '--plan'), { stderr: /resource_notes has shape 1/ })
})
