// Names in certificates, as Node writes them, beside names in definitions, as RFC 8705 section 2.1.2 has them: the same name is written in several ways.
import { isIP } from 'node:net'

/** By kind: how Node calls it, and the one way that names of it are compared in. `undefined` is none. */
const KINDS = {
  // RFC 4343.
  dns: { label: 'DNS', same: (name: string) => name.toLowerCase() },
  uri: { label: 'URI', same: (name: string) => name },
  ip: { label: 'IP Address', same: sameAddress },
  // RFC 5280 section 7.5: of a mailbox the host alone is without case.
  email: { label: 'email', same: (name: string) => name.replace(/@[^@]*$/, (host) => host.toLowerCase()) },
} as const

export type NameKind = keyof typeof KINDS

/** Of an `X509Certificate`, whose types do not say that one without a subject has none. */
interface Named {
  readonly subject?: string
  readonly subjectAltName?: string | undefined
}

/** Whether it is the subject of the certificate, in the form of RFC 4514: with its most significant part last, whereas the certificate has it first. */
export function hasSubject({ subject = '' }: Named, expected: string): boolean {
  const asked = readName(expected)
  // Node writes each part into a line of its own, and a line break in one as `\0A`.
  return asked !== undefined && asked === sameName(subject.split('\n').toReversed())
}

export function hasAlternativeName({ subjectAltName = '' }: Named, kind: NameKind, expected: string): boolean {
  const { label, same } = KINDS[kind]
  const asked = same(expected)
  return asked !== undefined && namesOf(subjectAltName, label).some((name) => same(name) === asked)
}

/** A name that no certificate could have. */
export function isNameReadable(kind: NameKind | 'dn', name: string): boolean {
  return (kind === 'dn' ? readName(name) : KINDS[kind].same(name)) !== undefined && name !== ''
}

/** What could be misread Node writes as a string of JSON, in which it has no comma. */
function namesOf(list: string, label: string): string[] {
  const prefix = `${label}:`
  return list
    .split(', ')
    .filter((entry) => entry.startsWith(prefix))
    .map((entry) => entry.slice(prefix.length))
    .map((name) => (name.startsWith('"') ? String(JSON.parse(name)) : name))
}

/** RFC 5952, which is also what the standard of URLs writes. */
function sameAddress(address: string): string | undefined {
  return isIP(address) === 6 ? URL.parse(`http://[${address}]/`)?.hostname : isIP(address) === 4 ? address : undefined
}

const PARTS = /(?:\\.|[^\\,])+/gs
const ATTRIBUTES = /(?:\\.|[^\\+])+/gs
// Spaces alone, U+0020: what looks like them can begin or end a name, and belongs to it. In a certificate Node writes such a space with a backslash.
const ATTRIBUTE = /^ *([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+) *= *((?:\\.|[^\\])*?) *$/s

function readName(name: string): string | undefined {
  const parts = name.match(PARTS) ?? []
  return parts.join(',') === name ? sameName(parts) : undefined
}

const byText = (one = '', other = ''): number => (one < other ? -1 : Number(one > other))

/** In whatever order the attributes of one part are: they are a set. */
function sameName(parts: readonly string[]): string | undefined {
  const read = parts.map((part) => {
    const attributes = part.match(ATTRIBUTES) ?? []
    return attributes.join('+') === part ? attributes.map(sameAttribute) : [undefined]
  })
  return read.length === 0 || read.flat().includes(undefined) ? undefined : JSON.stringify(read.map((part) => part.toSorted(byText)))
}

/** Types that have more than one name, by the one that Node uses. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'cn'],
  ['2.5.4.4', 'sn'],
  ['2.5.4.5', 'serialnumber'],
  ['2.5.4.6', 'c'],
  ['2.5.4.7', 'l'],
  ['2.5.4.8', 'st'],
  ['2.5.4.9', 'street'],
  ['2.5.4.10', 'o'],
  ['2.5.4.11', 'ou'],
  ['2.5.4.12', 'title'],
  ['2.5.4.42', 'gn'],
  ['givenname', 'gn'],
  ['2.5.4.97', 'organizationidentifier'],
  ['0.9.2342.19200300.100.1.1', 'uid'],
  ['0.9.2342.19200300.100.1.25', 'dc'],
  ['1.2.840.113549.1.9.1', 'emailaddress'],
  ['e', 'emailaddress'],
])

function sameAttribute(attribute: string): string | undefined {
  const [, type = '', value] = ATTRIBUTE.exec(attribute) ?? []
  if (value === undefined) return undefined
  const name = type.toLowerCase()
  return JSON.stringify([TYPES.get(name) ?? name, value.startsWith('#') ? encoded(value) : unescaped(value)])
}

const ESCAPED = /((?:\\[0-9A-Fa-f]{2})+)|\\(.)/gs

function unescaped(value: string): string {
  return value.replace(ESCAPED, (_all, bytes: string | undefined, character = '') =>
    bytes === undefined ? character : Buffer.from(bytes.replaceAll('\\', ''), 'hex').toString('utf8'),
  )
}

/** RFC 4514 section 2.4: of a type without a name the value may be written as its encoding, here that of a short string. */
function encoded(value: string): string {
  const [tag = 0, length, ...bytes] = Buffer.from(value.slice(1), 'hex')
  const isText = STRING_TAGS.has(tag) && length === bytes.length && value.length === 2 * bytes.length + 5
  return isText ? Buffer.from(bytes).toString('utf8') : value
}

/** UTF8String, PrintableString, IA5String. */
const STRING_TAGS: ReadonlySet<number> = new Set([0x0c, 0x13, 0x16])
