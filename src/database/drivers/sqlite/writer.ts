// The writer thread: the only connection that writes. It takes everything that waits into one commit, then answers.
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { createBatch, type WriterRequest } from './batch.ts'
import { createCheckpointer } from './checkpointer.ts'
import { openForWriting } from './connection.ts'
import type { FromWriter, ToWriter, WriterSettings } from './write-thread.ts'

const MAX_BATCH = 1000

function main(port: NonNullable<typeof parentPort>, settings: WriterSettings): void {
  const db = openForWriting(settings.file, settings.durability)
  const run = createBatch(db, settings.layouts)
  const checkpointer = createCheckpointer(db)
  const post = (message: FromWriter): void => port.postMessage(message)
  const next = (): ToWriter | undefined => receiveMessageOnPort(port)?.message

  port.on('message', (first: ToWriter) => {
    let message: ToWriter | undefined = first
    while (message?.kind === 'requests') {
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
