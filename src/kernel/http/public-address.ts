// Which machines an address that came from elsewhere may lead to: public ones. Everything else on the network trusts this machine more than it trusts the
// sender of the address (server-side request forgery).
import { BlockList, isIP } from 'node:net'
import { askNameServers, askSystem, type HostAddress, type HostFound } from './host-lookup.ts'

/** Machines beside the public ones that may be reached, and how their hosts are looked up. */
export interface Reach {
  /** This machine itself, by plain HTTP too: for development. */
  readonly loopback?: boolean
  /** Every network, by HTTPS: for addresses that the operator of this machine has chosen. */
  readonly everywhere?: boolean
  /** The operator of this machine has named the host: it is looked up as this machine does it, and else by the name servers alone. Any port will do. */
  readonly byOperator?: boolean
  /** Those of this machine unless told. */
  readonly nameServers?: readonly string[]
}

// RFC 6890 and what came after it: everything of IPv4 that is not for everybody.
const NOT_PUBLIC_4 = subnets('ipv4', [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
])
// Of IPv6, only global unicast is public, and of that nothing that carries an IPv4 address or is for documents.
const GLOBAL_6 = subnets('ipv6', [['2000::', 3]])
const NOT_PUBLIC_6 = subnets('ipv6', [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
])
const LOOPBACK_4 = subnets('ipv4', [['127.0.0.0', 8]])

const HTTPS = 443
const FIRST_UNPRIVILEGED = 1024
/** Beyond the privileged ports: what the Fetch standard (section 2.9) blocks. */
const BLOCKED = [1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080]
const OF_DATABASES = [1433, 1521, 3306, 5432, 5984, 6379, 6380, 9042, 9200, 9300, 11211, 27017, 27018, 27019]
const OF_CLUSTERS = [2375, 2376, 2379, 2380, 5671, 5672, 6443, 9092, 10250]
/** What listens there may let this machine in because of its address, and is no web server. */
const NOT_OF_THE_WEB: ReadonlySet<number> = new Set([...BLOCKED, ...OF_DATABASES, ...OF_CLUSTERS])

function isOfTheWeb({ port: text }: URL): boolean {
  const port = text === '' ? HTTPS : Number(text)
  return port === HTTPS || (port >= FIRST_UNPRIVILEGED && !NOT_OF_THE_WEB.has(port))
}

function subnets(family: 'ipv4' | 'ipv6', list: readonly (readonly [string, number])[]): BlockList {
  const block = new BlockList()
  for (const [net, prefix] of list) block.addSubnet(net, prefix, family)
  return block
}

export function isPublic(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !NOT_PUBLIC_4.check(address, 'ipv4')
  return family === 6 && GLOBAL_6.check(address, 'ipv6') && !NOT_PUBLIC_6.check(address, 'ipv6')
}

export function isLoopback(address: string): boolean {
  return isIP(address) === 4 ? LOOPBACK_4.check(address, 'ipv4') : address === '::1'
}

async function addressesOf(host: string, reach: Reach, signal: AbortSignal): Promise<HostFound> {
  const family = isIP(host)
  if (family === 4 || family === 6) return [{ address: host, family }]
  // RFC 6761 section 6.3: this machine, whatever a name server says.
  if (/(?:^|[.])localhost[.]?$/.test(host)) return [{ address: '127.0.0.1', family: 4 }]
  if (reach.byOperator === true) return askSystem(host, { signal })
  const found = await askNameServers(host, { nameServers: reach.nameServers, signal })
  // Whoever develops may have written the host into the hosts file.
  return found === 'unknown' && reach.loopback === true ? askSystem(host, { signal }) : found
}

/**
 * Looks the host up once and gives the addresses of which one is then connected to, so that a second answer of the name server changes nothing. What is
 * wrong, in a line, when there is none.
 */
export async function pinAddresses(url: URL, reach: Reach, signal: AbortSignal): Promise<readonly HostAddress[] | string> {
  const { loopback = false, everywhere = false, byOperator = false } = reach
  const found = await addressesOf(url.hostname.replace(/^\[|\]$/g, ''), reach, signal)
  if (found === 'unanswered') return `The host ${url.host} cannot be looked up just now.`
  if (found === 'unknown' || found.length === 0) return `The host ${url.host} is not known.`
  const isSecure = url.protocol === 'https:'
  const isAllowed = (address: string): boolean => (isSecure && (everywhere || isPublic(address))) || (loopback && isLoopback(address))
  // All of them: a host with one public and one private address is no host to trust.
  if (!found.every(({ address }) => isAllowed(address))) return `${url.host} cannot be fetched: only public addresses by https are.`
  if (byOperator || isOfTheWeb(url) || found.every(({ address }) => isLoopback(address))) return found
  return `${url.host} cannot be fetched: no web server has that port.`
}
