// A process that starts a database whose documents have an earlier shape, uses it while they are rewritten, and says how long it was ever held up.
import { setImmediate } from 'node:timers/promises'
import { systemCall } from '#kernel/call.ts'
import { systemClock } from '#kernel/clock.ts'
import type { CollectionDefinition } from '#kernel/collection.ts'
import { createLogger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import { createSqliteDatabase } from '../../src/database/server.ts'

const after = z.strictObject({ id: z.string(), title: z.string(), size: z.number(), touched: z.number().optional() })
export const migrated: CollectionDefinition<z.infer<typeof after>> = {
  name: 'books',
  schema: after,
  indexes: { bySize: { fields: ['size'] } },
  search: { fields: ['title'] },
  migrations: [{ changes: ['name', 'title', 'size'], up: ({ name, ...rest }) => ({ ...rest, title: name, size: String(name).length }) }],
}

if (import.meta.main) {
  const [, , file = '', count = '0'] = process.argv
  const call = systemCall('migrator')
  const server = createSqliteDatabase({ file, durability: 'relaxed', clock: systemClock, logger: createLogger({ level: 'silent' }) })
  const books = server.contract.collection(migrated)
  await server.start()
  process.stdout.write('started\n')
  let isDone = false
  const settled = server.contract.settled(call).then(() => (isDone = true))
  let [longestGet, longestUpdate, uses] = [0, 0, 0]
  while (!isDone) {
    const id = `b${(uses * 7919) % Number(count)}`
    const began = performance.now()
    await books.get(call, id)
    const read = performance.now()
    await books.update(call, id, { set: { touched: uses } })
    longestGet = Math.max(longestGet, read - began)
    longestUpdate = Math.max(longestUpdate, performance.now() - read)
    uses += 1
    await setImmediate()
  }
  await settled
  process.stdout.write(`done ${JSON.stringify({ uses, longestGet, longestUpdate })}\n`)
  await server.stop()
}
