// Introspection (RFC 7662) by a resource server that authenticates with its secret, of tokens of people: each is one of many, asked about again and again.
import { requestBytes, run } from '../load.ts'
import { JOBS, PRINTER, REPORTS } from './app/ninefold.config.ts'
import { at, basic, FORM, hostOf, shopTokens, type Subject, type World } from './subject.ts'

const CONNECTIONS = 16

function introspecting({ platform }: World, name: string, tokens: readonly string[]): Subject {
  const host = hostOf(platform, 'accounts')
  const requests = tokens.map((token) =>
    requestBytes('POST /introspect', { host, ...basic(PRINTER), ...FORM }, new URLSearchParams({ token }).toString()),
  )
  let sent = 0
  return {
    name,
    load: (durationMs) =>
      run({
        port: platform.port,
        connections: CONNECTIONS,
        durationMs,
        expect: 200,
        answered(_connection, answer) {
          // Never for the sake of a token that has died: that answer is much cheaper.
          if (!answer.includes('"active":true')) throw new Error(`not active: ${answer.toString('utf8')}`)
        },
        next: () => at(requests, sent++ % requests.length),
      }),
  }
}

export async function introspectionSubjects(world: World): Promise<Subject[]> {
  const [signed, opaque]: [string[], string[]] = [[], []]
  for (const browser of world.browsers) {
    signed.push((await shopTokens(world.platform, browser, { resource: REPORTS, scope: 'openid reports:read' })).access_token)
    opaque.push((await shopTokens(world.platform, browser, { resource: JOBS, scope: 'openid jobs:write' })).access_token)
  }
  return [introspecting(world, 'introspection of a signed token', signed), introspecting(world, 'introspection of an opaque token', opaque)]
}
