// One form for every way to write a client address. Of IPv6 the /64 remains: the rest changes by itself many times a day.
import { isIPv4, isIPv6 } from 'node:net'

export function normalAddress(address: string): string {
  const bare = address.split('%', 1)[0] ?? ''
  if (isIPv4(bare)) return bare
  if (!isIPv6(bare)) return `other:${address}`
  const groups = groupsOf(bare.toLowerCase())
  // RFC 4291 section 2.5.5.2: ::ffff:a.b.c.d is an IPv4 address.
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) return mappedOf(groups[6] ?? 0, groups[7] ?? 0)
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`
}

function mappedOf(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

function groupsOf(address: string): number[] {
  const [head = '', tail] = address.split('::')
  const left = partsOf(head)
  const right = tail === undefined ? [] : partsOf(tail)
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right]
}

function partsOf(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return [Number.parseInt(part, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number)
    return [a * 256 + b, c * 256 + d]
  })
}
