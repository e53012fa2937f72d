// The token endpoint for servers of this process: the same engine and the same checks as over the network, without a socket.
import { type DispatchFunc, inject } from 'light-my-request'
import { httpErrors } from '#kernel/http/problem.ts'
import type { BackChannelAnswer, BackChannelRequest } from '../contract.ts'
import type { BuiltProvider } from './provider.ts'

/** What a server may ask for itself; everything else belongs to a browser. */
const PATHS: ReadonlySet<string> = new Set([
  '/token',
  '/revoke',
  '/introspect',
  '/par',
  '/jwks',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
])

export async function exchangeInProcess(dispatch: BuiltProvider['dispatch'], request: BackChannelRequest): Promise<BackChannelAnswer> {
  if (!PATHS.has(request.path)) throw httpErrors.not_found({ detail: `There is no back channel at ${request.path}.` })
  const serve: DispatchFunc = (message, response) => {
    // It answers its own errors; the promise only tells when it is done, and the response tells that too.
    void dispatch(message, response)
  }
  const answer = await inject(serve, {
    method: request.method,
    url: request.path,
    headers: { ...request.headers },
    ...(request.body === undefined ? {} : { payload: request.body }),
  })
  const headers = Object.entries(answer.headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as const]))
  return { status: answer.statusCode, headers: Object.fromEntries(headers), body: answer.payload }
}
