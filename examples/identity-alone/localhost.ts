// Names below `localhost` are this machine (RFC 6761 section 6.3). Browsers know it; many resolvers that programs ask do not.
import dns from 'node:dns'

const asked = dns.lookup

function lookup(name: string, ...rest: unknown[]): void {
  Reflect.apply(asked, dns, [/(^|\.)localhost$/i.test(name) ? '127.0.0.1' : name, ...rest])
}

dns.lookup = Object.assign(lookup, { __promisify__: asked.__promisify__ }) as typeof dns.lookup
