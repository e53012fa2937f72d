// Between a driver and a server of MongoDB's wire protocol: makes it slow, silent or cut off, or lets one command through at a time, so that a server
// whose updates are not atomic behaves like one whose updates are.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

export interface MongoProxy {
  url(database: string): string
  /** Before each command. */
  delayMs: number
  /** Nothing passes, and nothing is closed. */
  silent: boolean
  /** Before each ping, and nothing else. */
  pingDelayMs: number
  /** Commands reach the server, answers do not come back. */
  swallowing: boolean
  cut(): void
  close(): Promise<void>
}

export async function startMongoProxy(target: number, options: { readonly oneAtATime?: boolean } = {}): Promise<MongoProxy> {
  const sockets = new Set<Socket>()
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = async (work: () => Promise<void>): Promise<void> => {
    if (options.oneAtATime !== true) return await work()
    const mine = last.then(work, work)
    last = mine
    await mine
  }
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    const answers = messagesOf(upstream)
    const commands = messagesOf(client)
    const serve = async (): Promise<void> => {
      for await (const command of commands) {
        while (proxy.silent) await delay(20)
        const delayMs = proxy.delayMs + (proxy.pingDelayMs > 0 && isPing(command) ? proxy.pingDelayMs : 0)
        if (delayMs > 0) await delay(delayMs)
        await inTurn(async () => {
          upstream.write(command)
          const answer = await answers.next()
          if (answer.done !== true && !proxy.swallowing) client.write(options.oneAtATime === true ? nameless(answer.value) : answer.value)
        })
      }
    }
    // What is cut ends here.
    serve().catch(() => client.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const proxy: MongoProxy = {
    url: (database) => `mongodb://127.0.0.1:${port}/${database}`,
    delayMs: 0,
    pingDelayMs: 0,
    silent: false,
    swallowing: false,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    async close() {
      proxy.cut()
      server.close()
      await once(server, 'close')
    },
  }
  return proxy
}

/** Header (16 bytes), flags (4), kind of section (1), length of the document (4), type of the first element (1), and its name: that of the command. */
const isPing = (message: Buffer): boolean => message.toString('latin1', 26, 31) === 'ping\0'

const NAME = 'ferretdbVersion'

/** One that does what another one cannot is not believed to be that. The field of `buildInfo` gets a name of the same length. */
function nameless(message: Buffer): Buffer {
  const at = message.indexOf(NAME)
  if (at !== -1) message.write('anothersVersion', at, 'latin1')
  return message
}

/** Whole messages: each begins with its length. */
async function* messagesOf(socket: Socket): AsyncGenerator<Buffer, undefined> {
  let pending: Buffer = Buffer.alloc(0)
  for await (const chunk of socket) {
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= 4 && pending.length >= pending.readInt32LE(0)) {
      const length = pending.readInt32LE(0)
      yield pending.subarray(0, length)
      pending = pending.subarray(length)
    }
  }
  return undefined
}
