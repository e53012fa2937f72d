// Who is at the other end: the peer, unless the peer is a proxy that was named in the settings.
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import { LRUCache } from 'lru-cache'

export interface TrustedProxies {
  has(address: string): boolean
}

/** Looking through the networks makes an object of Node's own each time, and the same addresses come again and again. */
const MAX_REMEMBERED = 10_000
/** Of IPv6 with an IPv4 address in it. A zone may follow, of any length. */
const LONGEST = 45

/** One spelling for an address, however it was mapped. */
export function plain(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}

/** Throws for what is no address or network, and for "everybody": a header that anyone may send is no address. */
export function createTrustedProxies(entries: readonly string[]): TrustedProxies {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/')
    if (isIP(address) === 0) throw new Error(`trustedProxies: "${entry}" is no address or network`)
    const bits = prefix === undefined ? (isIP(address) === 6 ? 128 : 32) : Number(prefix)
    const widest = isIP(address) === 6 ? 16 : 8
    if (!Number.isInteger(bits) || bits < widest) throw new Error(`trustedProxies: "${entry}" trusts too many; name the proxies`)
    list.addSubnet(address, bits, family(address))
  }
  const known = new LRUCache<string, boolean>({ max: MAX_REMEMBERED })
  return {
    has(address) {
      const before = known.get(address)
      if (before !== undefined) return before
      const isOne = isIP(address) !== 0 && list.check(address, family(address))
      if (address.length <= LONGEST) known.set(address, isOne)
      return isOne
    },
  }
}

/** Whether this peer is one of the proxies that were named. */
export function isProxy(peer: string, proxies: TrustedProxies | undefined): proxies is TrustedProxies {
  return proxies?.has(peer) === true
}

const GROUPS = 8
const NETWORK_GROUPS = 3

/** Its neighbours, as far as they are likely to be one owner's: the /24, and of IPv6 the /48 that a site is given (RFC 6177). */
export function networkOf(address: string): string {
  if (isIP(address) === 4) return `${address.slice(0, address.lastIndexOf('.'))}.0/24`
  if (isIP(address) !== 6) return address
  const [head = '', tail] = (address.split('%', 1)[0] ?? '').toLowerCase().split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: Math.max(0, GROUPS - left.length - right.length) }, () => '0')
  const groups = [...left, ...zeros, ...right].slice(0, NETWORK_GROUPS).map((group) => group.replace(/^0+(?=.)/, ''))
  return `${groups.join(':')}::/48`
}

/** Whether the client spoke TLS to a proxy that was named. Must run before the forwarding headers are taken away. */
export function cameByTls(request: IncomingMessage, proxies: TrustedProxies | undefined): boolean {
  return isProxy(plain(request.socket.remoteAddress ?? ''), proxies) && request.headers['x-forwarded-proto'] === 'https'
}

/** The address of the client. Must run before the forwarding headers are taken away. */
export function clientAddress(request: IncomingMessage, proxies: TrustedProxies | undefined): string {
  const peer = plain(request.socket.remoteAddress ?? '')
  if (!isProxy(peer, proxies)) return peer
  const forwarded = request.headers['x-forwarded-for']
  const hops = (typeof forwarded === 'string' ? forwarded : '').split(',').map((hop) => plain(hop.trim()))
  // From the right: each hop was written by the one after it, and only our own proxies are believed.
  for (const hop of hops.toReversed()) {
    if (isIP(hop) === 0) return peer
    if (!proxies.has(hop)) return hop
  }
  return peer
}
