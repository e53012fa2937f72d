// A process that writes until it is killed and says, after each answer, what it was told is stored. For the durability tests.
import { writeSync } from 'node:fs'
import { systemCall } from '#kernel/call.ts'
import { systemClock } from '#kernel/clock.ts'
import { insertInto } from '#kernel/collection.ts'
import { newId } from '#kernel/ids.ts'
import { createLogger } from '#kernel/log.ts'
import { createSqliteDatabase } from '../../src/database/server.ts'
import { photos } from './database.ts'

const STANDARD_OUTPUT = 1
const [, , file = '', durability = '', clients = '', writes = ''] = process.argv
const call = systemCall('durability')
const server = createSqliteDatabase({
  file,
  durability: durability === 'relaxed' ? 'relaxed' : 'full',
  clock: systemClock,
  logger: createLogger({ level: 'silent' }),
})
server.contract.collection(photos)
await server.start()

let left = Number(writes)
async function client(): Promise<void> {
  while (left > 0) {
    left -= 1
    const id = newId(Date.now())
    const half = (name: string) => insertInto(photos, { id: `${name}-${id}`, ownerId: id, takenAt: 0, caption: 'x'.repeat(200) })
    await server.contract.commit(call, [half('first'), half('second')], [{ topic: 'pair', key: id, data: null }])
    // Not through a stream, which would keep the line for later.
    writeSync(STANDARD_OUTPUT, `stored ${id}\n`)
  }
}
await Promise.all(Array.from({ length: Number(clients) }, client))
await server.stop()
