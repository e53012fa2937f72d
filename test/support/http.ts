// Plain HTTP requests with full control of the Host header, cookies and bytes, which fetch does not give.
import { type IncomingHttpHeaders, request as httpRequest } from 'node:http'

export interface Send {
  readonly port: number
  readonly host: string
  readonly path: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Uint8Array
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly bytes: Buffer
}

export function send(options: Send): Promise<Reply> {
  const { port, host, path, method = 'GET', headers = {}, body } = options
  return new Promise((done, failed) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port,
        path,
        method,
        headers: { host, ...length, ...headers } as Record<string, string | string[]>,
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', failed)
        response.on('end', () => {
          const bytes = Buffer.concat(chunks)
          done({ status: response.statusCode ?? 0, headers: response.headers, body: bytes.toString(), bytes })
        })
      },
    )
    request.on('error', failed)
    request.end(body)
  })
}

/** Keeps cookies as a browser would, as far as tests need: by name, removed when they expire. */
export class CookieJar {
  readonly #cookies = new Map<string, string>()

  take(reply: Pick<Reply, 'headers'> & Partial<Reply>): void {
    for (const line of reply.headers['set-cookie'] ?? []) {
      const [pair = '', ...attributes] = line.split(/;\s*/)
      const at = pair.indexOf('=')
      const name = pair.slice(0, at)
      const gone = attributes.some((attribute) => /^max-age=0$/i.test(attribute) || /^expires=thu, 01 jan 1970/i.test(attribute))
      if (gone) this.#cookies.delete(name)
      else this.#cookies.set(name, pair.slice(at + 1))
    }
  }

  get(name: string): string | undefined {
    return this.#cookies.get(name)
  }

  header(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }
}
