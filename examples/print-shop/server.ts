// Print Shop's own small server: its page, its configuration, and one cookie that carries a sign-in across the redirect.
// It is somebody else's program: it knows the platform by its public addresses alone.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { parseArgs } from 'node:util'
import { type Asset, readAssets } from './assets.ts'
import { clearTransaction, readTransaction, storeTransaction } from './transaction.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8081' },
    provider: { type: 'string' },
    api: { type: 'string' },
    files: { type: 'string' },
    quiet: { type: 'boolean', default: false },
  },
})
const provider = values.provider ?? 'http://accounts.localhost:8080'
// In development the hosts of the platform are neighbours.
const neighbour = (label: string): string => provider.replace('//accounts.', `//${label}.`)
const config = { provider, api: values.api ?? neighbour('diary'), files: values.files ?? neighbour('files'), clientId: 'print-shop' }

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  `connect-src 'self' ${config.provider} ${config.api} ${config.files}`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const HEADERS = {
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

const assets = await readAssets(new URL('./dist/', import.meta.url))

function sendAsset(response: ServerResponse, { type, body, cacheControl }: Asset): void {
  response.writeHead(200, { ...HEADERS, 'content-type': type, 'cache-control': cacheControl, 'content-length': body.length }).end(body)
}

function sendJson(response: ServerResponse, json: unknown, more: Record<string, string> = {}): void {
  response
    .writeHead(200, { ...HEADERS, 'content-type': 'application/json', 'cache-control': 'no-store', ...more })
    .end(JSON.stringify(json))
}

function sendStatus(response: ServerResponse, status: number, more: Record<string, string> = {}): void {
  response.writeHead(status, { ...HEADERS, 'cache-control': 'no-store', ...more }).end()
}

/** The transaction belongs to the page of this origin that began it, and to nobody else. */
function isOwnPage({ headers }: IncomingMessage): boolean {
  return headers['sec-fetch-site'] === 'same-origin' && headers['content-type'] === 'application/json'
}

async function answerTransaction(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!isOwnPage(request)) return sendStatus(response, 403)
  if (request.method === 'DELETE') return sendJson(response, readTransaction(request) ?? {}, { 'set-cookie': clearTransaction })
  if (request.method !== 'PUT') return sendStatus(response, 405, { allow: 'PUT, DELETE' })
  const cookie = await storeTransaction(request)
  return cookie === undefined ? sendStatus(response, 422) : sendStatus(response, 204, { 'set-cookie': cookie })
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://printshop.localhost')
  if (pathname === '/transaction') return answerTransaction(request, response)
  if (request.method !== 'GET' && request.method !== 'HEAD') return sendStatus(response, 405, { allow: 'GET, HEAD' })
  if (pathname === '/config.json') return sendJson(response, config)
  const asset = assets.get(pathname === '/' || pathname === '/callback' ? '/index.html' : pathname)
  return asset === undefined ? sendStatus(response, 404) : sendAsset(response, asset)
}

const server = createServer((request, response) => {
  answer(request, response).catch(() => (response.headersSent ? response.destroy() : sendStatus(response, 400)))
})
server.once('error', ({ message }) => {
  process.stderr.write(`Print Shop cannot listen: ${message}\n`)
  process.exitCode = 1
})
server.listen(Number(values.port), '127.0.0.1', () => {
  if (!values.quiet) process.stdout.write(`Print Shop: http://printshop.localhost:${values.port}\n`)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => server.close().closeAllConnections())
