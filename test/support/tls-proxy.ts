// The proxy in front that ends TLS, as far as certificates of clients go: it asks for one at a host or does not, and tells the platform what it was shown.
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { createServer, request as httpsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import type { Reply } from './http.ts'

export const withoutOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'

export interface KeyPair {
  readonly key: string
  readonly cert: string
}

/** Signed by itself, with this name. */
export function makeKeyPair(folder: string, name: string): KeyPair {
  const [keyFile, certFile] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1']
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
  execFileSync('openssl', ['req', '-x509', ...kind, '-keyout', keyFile, '-out', certFile, ...subject], { stdio: 'ignore' })
  return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') }
}

export interface ProxyOptions {
  readonly own: KeyPair
  /** The authority for clients; nobody is asked without. */
  readonly clients?: string
  /** Where the platform listens. */
  readonly port: number
}

/** Its port, and how to stop it. */
export async function startTlsProxy({ own, clients, port }: ProxyOptions): Promise<{ port: number; stop(): void }> {
  const asking = clients === undefined ? {} : { requestCert: true, rejectUnauthorized: false, ca: clients }
  const server = createServer({ ...own, ...asking }, (incoming, outgoing) => {
    const socket = incoming.socket as TLSSocket
    const { 'client-cert': _forged, 'x-client-verify': _said, ...headers } = incoming.headers
    const shown = clients === undefined ? undefined : socket.getPeerX509Certificate()
    const told =
      shown === undefined
        ? {}
        : { 'client-cert': `:${shown.raw.toString('base64')}:`, 'x-client-verify': socket.authorized ? 'SUCCESS' : 'FAILED' }
    const { method, url: path } = incoming
    const on = httpRequest({ host: '127.0.0.1', port, method, path, headers: { ...headers, ...told }, agent: false }, (reply) => {
      outgoing.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(outgoing)
    })
    on.on('error', () => outgoing.destroy())
    incoming.pipe(on)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    port: (server.address() as AddressInfo).port,
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}

export interface TlsSend {
  readonly port: number
  /** Whom the client believes. */
  readonly ca: string
  /** What it shows if it is asked. */
  readonly shows?: KeyPair | undefined
  readonly url: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | undefined
}

export function sendByTls({ port, ca, shows, url, method = 'GET', headers = {}, body }: TlsSend): Promise<Omit<Reply, 'bytes'>> {
  const { host, hostname, pathname, search } = new URL(url)
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const way = { host: '127.0.0.1', port, servername: hostname, ca, ...shows, checkServerIdentity: () => undefined, agent: false as const }
  return new Promise((done, failed) => {
    const request = httpsRequest({ ...way, method, path: pathname + search, headers: { ...headers, ...length, host } }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => done({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
    })
    request.on('error', failed)
    request.end(body)
  })
}
