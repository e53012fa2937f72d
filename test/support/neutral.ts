// Answers to different people are compared without what differs between any two answers.
import type { Reply } from './http.ts'

const CHANGING: ReadonlySet<string> = new Set(['date', 'x-request-id', 'ratelimit'])

/** What is left of an answer that was given to whoever typed this address. */
export function neutral({ status, headers, body }: Pick<Reply, 'status' | 'headers' | 'body'>, email: string): unknown {
  const clean = (text: string): string =>
    text
      .replaceAll(email, 'EMAIL')
      .replaceAll(encodeURIComponent(email), 'EMAIL')
      .replaceAll(/interaction(\/|%2F)[\w-]+/g, 'interaction$1UID')
      .replaceAll(/&quot;challenge&quot;:&quot;[\w-]+/g, 'CHALLENGE')
      .replaceAll(/nonce[-=]"?[\w-]+/g, 'NONCE')
      .replaceAll(/(csrf_token" value=|__Host-[\w-]+=|__Secure-[\w-]+=)"?[\w.-]+/g, '$1TOKEN')
  const kept = Object.entries(headers).filter(([name]) => !CHANGING.has(name))
  return { status, headers: kept.map(([name, value]) => [name, clean(String(value))]), body: clean(body) }
}
