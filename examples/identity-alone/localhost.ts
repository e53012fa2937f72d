// Names below `localhost` are this machine (RFC 6761 section 6.3). Browsers know it; many resolvers that programs ask do not.
import dns from 'node:dns'

const asked = dns.lookup

/** For this whole process: every connection that Node makes asks `dns.lookup`. */
export function knowLocalhost(): void {
  Reflect.set(dns, 'lookup', (name: string, ...rest: unknown[]) =>
    Reflect.apply(asked, dns, [/(^|\.)localhost$/i.test(name) ? '127.0.0.1' : name, ...rest]),
  )
}
