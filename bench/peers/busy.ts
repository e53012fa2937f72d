// Keeps one core busy with what a server in JavaScript does, for as long as it is told: what else is measured meanwhile shows what cores take from each other.
import { createHash } from 'node:crypto'

export interface Busy {
  readonly durationMs: number
}

const RECORDS = Array.from({ length: 200 }, (_, index) => ({ id: `record-${index}`, name: 'Somebody', at: index * 1000, tags: ['a', 'b'] }))
const CHUNK_MS = 20

function work(until: number): void {
  let text = JSON.stringify(RECORDS)
  while (performance.now() < until) {
    const digest = createHash('sha256').update(text).digest('base64url')
    text = JSON.stringify([...(JSON.parse(text) as unknown[]).slice(1), { id: digest }])
  }
}

async function keepBusy({ durationMs }: Busy): Promise<void> {
  const end = performance.now() + durationMs
  while (performance.now() < end) {
    work(Math.min(end, performance.now() + CHUNK_MS))
    await new Promise((resolve) => setImmediate(resolve))
  }
}

process.on('message', (busy: Busy) => {
  void keepBusy(busy).then(() => process.send?.('done'))
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
