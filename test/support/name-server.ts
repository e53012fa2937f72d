// A name server (RFC 1035) on this machine, for names of the tests' own.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { isIP } from 'node:net'

/** Addresses, perhaps under another name; or how it fails. A name that it does not know does not exist. */
export type NameAnswer = { readonly addresses: readonly string[]; readonly alias?: string } | 'fails' | 'is silent'

export interface NameServer {
  /** As `Reach.nameServers` wants them. */
  readonly at: readonly [string]
  /** The names that were asked for, once for each query. */
  readonly asked: string[]
  stop(): void
}

const TYPE = { A: 1, CNAME: 5, AAAA: 28 }
const FLAGS = 0x8180
const SERVFAIL = 2
const NXDOMAIN = 3
const HEADER_BYTES = 12
const QUESTION = Buffer.from([0xc0, HEADER_BYTES])

export async function startNameServer(names: Readonly<Record<string, NameAnswer>>): Promise<NameServer> {
  const socket = createSocket('udp4')
  const asked: string[] = []
  socket.on('message', (query, { port, address }) => {
    const { name, type, end } = questionOf(query)
    asked.push(name)
    const known = names[name]
    if (known === 'is silent') return
    const records = known === undefined || known === 'fails' ? [] : recordsOf(known, type)
    const header = Buffer.alloc(HEADER_BYTES)
    header.writeUInt16BE(query.readUInt16BE(0), 0)
    header.writeUInt16BE(FLAGS + (known === undefined ? NXDOMAIN : known === 'fails' ? SERVFAIL : 0), 2)
    header.writeUInt16BE(1, 4)
    header.writeUInt16BE(records.length, 6)
    socket.send(Buffer.concat([header, query.subarray(HEADER_BYTES, end), ...records]), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { at: [`127.0.0.1:${socket.address().port}`], asked, stop: () => void socket.close() }
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let place = HEADER_BYTES
  for (let length = query[place] ?? 0; length > 0; length = query[place] ?? 0) {
    labels.push(query.toString('ascii', place + 1, place + 1 + length))
    place += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(place + 1), end: place + 5 }
}

function recordsOf({ addresses, alias }: Exclude<NameAnswer, string>, type: number): Buffer[] {
  const family = type === TYPE.AAAA ? 6 : 4
  const owner = alias === undefined ? QUESTION : nameOf(alias)
  const found = addresses.filter((address) => isIP(address) === family).map((address) => record(owner, type, bytesOf(address)))
  return alias === undefined ? found : [record(QUESTION, TYPE.CNAME, nameOf(alias)), ...found]
}

function nameOf(name: string): Buffer {
  return Buffer.concat([...name.split('.').map((label) => Buffer.from(`${String.fromCodePoint(label.length)}${label}`)), Buffer.alloc(1)])
}

function record(owner: Buffer, type: number, data: Buffer): Buffer {
  const fixed = Buffer.alloc(10)
  fixed.writeUInt16BE(type, 0)
  fixed.writeUInt16BE(1, 2)
  fixed.writeUInt32BE(60, 4)
  fixed.writeUInt16BE(data.length, 8)
  return Buffer.concat([owner, fixed, data])
}

/** IPv6 with all its groups, or with one gap. */
function bytesOf(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail] = address.split('::')
  const groups = (text: string): string[] => text.split(':').filter((group) => group !== '')
  const [before, behind] = [groups(head), groups(tail ?? '')]
  const all = [...before, ...Array.from({ length: 8 - before.length - behind.length }, () => '0'), ...behind]
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex')
}
