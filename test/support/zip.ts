// Reads a zip by its central directory, as programs do (APPNOTE 4.3.12).
import { inflateRawSync } from 'node:zlib'

export function entriesOf(zip: Buffer): Map<string, Buffer> {
  const found = new Map<string, Buffer>()
  const end = zip.lastIndexOf('PK\x05\x06', undefined, 'latin1')
  let at = zip.readUInt32LE(end + 16)
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [method, size, nameLength, extra, comment, start] = [
      zip.readUInt16LE(at + 10),
      zip.readUInt32LE(at + 20),
      zip.readUInt16LE(at + 28),
      zip.readUInt16LE(at + 30),
      zip.readUInt16LE(at + 32),
      zip.readUInt32LE(at + 42),
    ]
    const from = start + 30 + zip.readUInt16LE(start + 26) + zip.readUInt16LE(start + 28)
    const stored = zip.subarray(from, from + size)
    found.set(zip.toString('utf8', at + 46, at + 46 + nameLength), method === 8 ? inflateRawSync(stored) : stored)
    at += 46 + nameLength + extra + comment
  }
  return found
}
