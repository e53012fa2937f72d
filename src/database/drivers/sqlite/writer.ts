// The writer thread: the only connection that writes. It takes everything that waits into one commit, then answers.
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { WriteAnswer } from '../../ports.ts'
import { createBatch, type WriterRequest } from './batch.ts'
import { createCheckpointer } from './checkpointer.ts'
import { openForWriting } from './connection.ts'
import { scrub } from './scrub.ts'
import type { FromWriter, ToWriter, WriterSettings } from './write-thread.ts'

const MAX_BATCH = 1000

function main(port: NonNullable<typeof parentPort>, settings: WriterSettings): void {
  const db = openForWriting(settings.file, settings.durability)
  const run = createBatch(db, settings.layouts)
  const checkpointer = createCheckpointer(db)
  const post = (message: FromWriter): void => port.postMessage(message)
  const next = (): ToWriter | undefined => receiveMessageOnPort(port)?.message

  const scrubbed = (): WriteAnswer => {
    try {
      scrub(db, settings.file)
      return { kind: 'done', rows: checkpointer.empty() ? 0 : 1 }
    } catch (error) {
      return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) }
    }
  }

  port.on('message', (first: ToWriter) => {
    let message: ToWriter | undefined = first
    while (message !== undefined && message.kind !== 'close') {
      if (message.kind === 'scrub') {
        post({ kind: 'answers', answers: [scrubbed()] })
        message = next()
        continue
      }
      const requests: WriterRequest[] = []
      while (message?.kind === 'requests') {
        requests.push(...message.requests)
        // Whatever came in while the last commit was on its way to the disk shares the next one.
        message = requests.length < MAX_BATCH ? next() : undefined
      }
      post({ kind: 'answers', answers: run(requests) })
      message ??= next()
      checkpointer.run(message === undefined)
    }
    if (message?.kind === 'close') {
      db.close()
      port.close()
    }
  })
  post({ kind: 'ready' })
}

if (parentPort === null) throw new Error('This file is the program of a thread.')
main(parentPort, workerData)
