// Requests by POST that need the cookies of the browser: a cross-site POST comes without the Lax ones, and the same request as a GET has them.
import { httpErrors } from '#kernel/http/problem.ts'
import { type Exchange, MAX_TARGET_LENGTH, type Route, rawRoute } from '#kernel/http/route.ts'
import type { KeyRing } from '#kernel/keyring.ts'

export const END_SESSION_PATH = '/end-session'

const PURPOSE = 'auth.sign-out-request'
const BINDING = 'request'
/** What pages read themselves, in the address. */
const IN_CLEAR = 'ui_locales'

/** What was sent, as an address may carry it where others can read that. */
export function sealedSearch(keyRing: Pick<KeyRing, 'seal'>, form: URLSearchParams): string {
  const languages = form.get(IN_CLEAR)
  const request = keyRing.seal(PURPOSE, BINDING, form.toString())
  return new URLSearchParams({ request, ...(languages === null ? {} : { [IN_CLEAR]: languages }) }).toString()
}

/** The same as it was sent. What was not made here, or with a master key that is gone, says nothing. */
export function sentAs(keyRing: Pick<KeyRing, 'open'>, search: string): string {
  const request = new URLSearchParams(search).get('request')
  return (request === null ? undefined : keyRing.open(PURPOSE, BINDING, request)) ?? search
}

export function forwarded(path: string, summary: string, searchOf = (form: URLSearchParams): string => form.toString()): Route {
  return rawRoute({
    method: 'POST',
    path,
    site: 'accounts',
    allow: { who: 'handler', reason: 'Only turns the request into a GET of the same page.' },
    rate: 'page',
    summary,
    csrfExempt: 'Changes nothing: the request is sent back as a GET, which has its own checks.',
    // What is longer is longer as an address, too.
    maxBodyBytes: MAX_TARGET_LENGTH,
    async handle(_call, { method, request, response }) {
      if (method === 'OPTIONS') {
        response.writeHead(204, { allow: 'GET, HEAD, POST' }).end()
        return
      }
      if (!/^application\/x-www-form-urlencoded(?:;|$)/i.test(request.headers['content-type'] ?? '')) {
        throw httpErrors.unsupported_media_type({ detail: 'Send a form (application/x-www-form-urlencoded).' })
      }
      const form = await readWhole(request)
      // Encoded anew it may be three times as long.
      const location = `${path}?${searchOf(new URLSearchParams(form))}`
      if (form.length > MAX_TARGET_LENGTH || location.length > MAX_TARGET_LENGTH)
        throw httpErrors.too_large({ detail: 'The request is too long for a redirect; push it to /par first.' })
      response.writeHead(303, { location, 'cache-control': 'no-store', 'content-length': '0' })
      response.end()
    },
  })
}

/** Not much more than can be sent on. Whoever has sent more can still be told. */
async function readWhole(request: Exchange['request']): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const part = Buffer.from(chunk)
    bytes += part.length
    chunks.push(part)
    if (bytes > MAX_TARGET_LENGTH) break
  }
  return Buffer.concat(chunks).toString('utf8')
}
