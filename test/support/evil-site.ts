// A site that means harm: blank pages under any name of localhost, and words about where a name stands to the one that is attacked.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface EvilSite {
  readonly port: number
  /** A page of this site under the host `<label>.localhost`. */
  page(label: string): string
  /** What the site was asked for so far: a canary. */
  readonly visits: readonly string[]
  stop(): Promise<void>
}

const BLANK = '<!doctype html><title>A page of somebody else</title><body>'

export async function startEvilSite(): Promise<EvilSite> {
  const visits: string[] = []
  const server = createServer((request, response) => {
    if (!request.url?.startsWith('/favicon')) visits.push(`${request.headers.host ?? ''}${request.url ?? ''}`)
    response.writeHead(200, { 'content-type': 'text/html', 'referrer-policy': 'unsafe-url' }).end(BLANK)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    page: (label) => `http://${label}.localhost:${port}/`,
    visits,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
