// A request object is looked at before its signature (RFC 9101): the engine makes text of each parameter first, which JSON of a stranger may make fail.
import { errors, type KoaContextWithOIDC } from 'oidc-provider'

/** Parameters that are JSON by themselves. */
const OF_JSON: ReadonlySet<string> = new Set(['claims', 'authorization_details'])

const isMembers = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): boolean => typeof value !== 'object' || value === null
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === 'string')

export async function readRequestObject({ oidc: { params = {} } }: KoaContextWithOIDC, next: () => Promise<unknown>): Promise<void> {
  const { request } = params
  if (typeof request === 'string') {
    const payload = payloadOf(request)
    if (!isMembers(payload)) throw new errors.InvalidRequestObject('the payload of the request object is no JSON object')
    const odd = Object.entries(payload).find(
      ([name, value]) => Object.hasOwn(params, name) && !OF_JSON.has(name) && !isText(value) && !isTexts(value),
    )
    if (odd !== undefined) throw new errors.InvalidRequestObject(`${odd[0]} in the request object must be text, or a list of texts`)
  }
  await next()
}

function payloadOf(request: string): unknown {
  try {
    return JSON.parse(Buffer.from(request.split('.')[1] ?? '', 'base64url').toString('utf8')) as unknown
  } catch {
    return undefined
  }
}
