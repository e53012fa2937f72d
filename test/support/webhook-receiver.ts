// A machine that webhooks lead to. It does what docs/webhooks.md tells a receiver to do.
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface WebhookMessage {
  readonly id: string
  readonly type: string
  readonly timestamp: string
  readonly data: Readonly<Record<string, unknown>>
}

export type Verify = (
  message: { secret: string; headers: Readonly<Record<string, string>>; body: string },
  nowMs?: number,
) => WebhookMessage

/** The example of the documentation, run as it stands there. */
export async function documentedVerify(): Promise<Verify> {
  const page = await readFile(new URL('../../docs/webhooks.md', import.meta.url), 'utf8')
  const code = /```js verify\n(.*?)```/s.exec(page)?.[1] ?? ''
  const module = await import(`data:text/javascript,${encodeURIComponent(code)}`)
  return module.verifiedMessage
}

export interface WebhookReceiver {
  readonly url: string
  /** What it has believed, once each. */
  readonly messages: readonly WebhookMessage[]
  /** Why it has not believed others. */
  readonly refusals: readonly string[]
  stop(): void
}

export async function startReceiver(known: { secret(): Promise<string>; now(): number }): Promise<WebhookReceiver> {
  const verify = await documentedVerify()
  const messages: WebhookMessage[] = []
  const refusals: string[] = []
  const server = createServer((request, response) => {
    const judge = async (): Promise<number> => {
      const body = await text(request)
      // Node gives a list for cookies alone.
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
      const message = verify({ secret: await known.secret(), headers, body }, known.now())
      if (messages.every(({ id }) => id !== message.id)) messages.push(message)
      return 204
    }
    void judge()
      .catch((error: unknown) => {
        refusals.push(String(error))
        return 400
      })
      .then((status) => response.writeHead(status).end())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    messages,
    refusals,
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}
