// What a sign-in must remember while the browser is away at the provider: state, nonce and code verifier, for ten minutes, in a cookie that no
// script can read afterwards. Web storage would keep it too, and so would whoever gets a script into the page later.
import type { IncomingMessage } from 'node:http'

const COOKIE = '__Host-Http-sign-in'
const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Strict'
const MAX_BYTES = 1024
const RANDOM = /^[\w-]{43}$/

interface Transaction {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

export const clearTransaction = `${COOKIE}=; ${ATTRIBUTES}; Max-Age=0`

/** The cookie for the transaction in the body, or `undefined` when the body is no transaction. */
export async function storeTransaction(request: IncomingMessage): Promise<string | undefined> {
  let text = ''
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > MAX_BYTES) return undefined
  }
  const transaction = parse(text)
  if (transaction === undefined) return undefined
  return `${COOKIE}=${Buffer.from(JSON.stringify(transaction)).toString('base64url')}; ${ATTRIBUTES}; Max-Age=600`
}

export function readTransaction({ headers }: IncomingMessage): Transaction | undefined {
  const found = (headers.cookie ?? '').split('; ').filter((pair) => pair.startsWith(`${COOKIE}=`))
  const [pair] = found
  if (pair === undefined || found.length > 1) return undefined
  return parse(Buffer.from(pair.slice(COOKIE.length + 1), 'base64url').toString())
}

function parse(text: string): Transaction | undefined {
  try {
    const value: Record<string, unknown> = JSON.parse(text)
    const { state, nonce, verifier } = value
    return isRandom(state) && isRandom(nonce) && isRandom(verifier) ? { state, nonce, verifier } : undefined
  } catch {
    return undefined
  }
}

function isRandom(value: unknown): value is string {
  return typeof value === 'string' && RANDOM.test(value)
}
