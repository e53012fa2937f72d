// Raw HTTP/1.1 over kept-alive sockets, as fast as answers come or at a given rate: cheap enough that the client is not what is measured.
import { connect, type Socket } from 'node:net'

export interface Load {
  readonly port: number
  readonly connections: number
  readonly durationMs: number
  /** The bytes of the next request on the connection of this number. */
  next(connection: number): Buffer
  /** Called with each whole answer, before the next request of its connection. */
  answered?(connection: number, answer: Buffer): void
  /** The statuses that count as success; anything else fails the run. */
  readonly expect: number | readonly number[]
  /** Requests a second over all connections; as fast as the answers come when absent. */
  readonly perSecond?: number
}

export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of every request, shortest first. */
  readonly latenciesMs: readonly number[]
}

/** The latency that this share of all has not exceeded. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

export function requestBytes(line: string, headers: Readonly<Record<string, string>>, body = ''): Buffer {
  const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const fields = Object.entries({ ...headers, ...length }).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`${line} HTTP/1.1\r\n${fields.join('')}\r\n${body}`)
}

/** Bytes of the first whole response in the buffer, or 0 when more must come. Chunked answers end at their last chunk. */
function responseLength(buffer: Buffer): { length: number; status: number } {
  const end = buffer.indexOf('\r\n\r\n')
  if (end < 0) return { length: 0, status: 0 }
  const head = buffer.toString('latin1', 0, end)
  const status = Number(head.slice(9, 12))
  const match = /\r\ncontent-length: (\d+)/i.exec(head)
  if (match !== null) {
    const length = end + 4 + Number(match[1])
    return { length: buffer.length >= length ? length : 0, status }
  }
  if (!/\r\ntransfer-encoding: chunked/i.test(head)) return { length: end + 4, status }
  const last = buffer.indexOf('0\r\n\r\n', end + 2)
  return { length: last < 0 ? 0 : last + 5, status }
}

export async function run(load: Load): Promise<LoadResult> {
  const latencies: number[] = []
  const expected = new Set([load.expect].flat())
  const start = performance.now()
  const until = start + load.durationMs
  const intervalMs = load.perSecond === undefined ? 0 : (load.connections * 1000) / load.perSecond
  const drive = (socket: Socket, number: number): Promise<void> =>
    new Promise((done, failed) => {
      let buffer: Buffer = Buffer.alloc(0)
      let sentAt = 0
      let dueAt = start + (number * intervalMs) / load.connections
      /** Evenly spread; who is late sends at once and is not late for ever. */
      const pace = (): void => {
        dueAt = Math.max(dueAt + intervalMs, performance.now())
        const waitMs = dueAt - performance.now()
        if (waitMs < 1) sendNext()
        else setTimeout(sendNext, waitMs)
      }
      const sendNext = (): void => {
        sentAt = performance.now()
        if (sentAt >= until) {
          socket.destroy()
          done()
          return
        }
        socket.write(load.next(number))
      }
      socket.on('error', failed)
      socket.on('close', () => done())
      socket.on('data', (chunk: Buffer) => {
        buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk])
        const { length, status } = responseLength(buffer)
        if (length === 0) return
        if (!expected.has(status)) {
          failed(new Error(`expected ${[...expected].join(' or ')}, got ${status}: ${buffer.toString('utf8', 0, 2000)}`))
          socket.destroy()
          return
        }
        latencies.push(performance.now() - sentAt)
        try {
          load.answered?.(number, buffer.subarray(0, length))
        } catch (error) {
          failed(error)
          socket.destroy()
          return
        }
        buffer = buffer.subarray(length)
        pace()
      })
      pace()
    })
  await Promise.all(
    Array.from({ length: load.connections }, (_, number) => {
      const socket = connect({ port: load.port, host: '127.0.0.1', noDelay: true })
      return drive(socket, number)
    }),
  )
  const seconds = (performance.now() - start) / 1000
  latencies.sort((a, b) => a - b)
  return { requests: latencies.length, seconds, p50Ms: quantile(latencies, 0.5), p99Ms: quantile(latencies, 0.99), latenciesMs: latencies }
}
