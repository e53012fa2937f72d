// A Bloom filter of passwords that are known from breaches: small, offline, and never wrong about one that is in it. Asked by SHA-1, so that it can be made of
// published lists of such hashes, too; that hash protects nothing here. Every key sets bits in one block of 64 bytes, so a filter of gigabytes stays on disk
// and costs one read.
import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const MAGIC = 'NFBLOOM1'
const HEADER_BYTES = 16
const BLOCK_BYTES = 64
const BITS_SET = 8
/** In each block 512 bits, so nine of the hash choose one. */
const CHOICE_BITS = 9n
/** About one password in 10,000 is taken for a known one, and another must be chosen. */
const BITS_PER_ENTRY = 24
/** What is smaller is kept in memory. */
const MAX_MEMORY_BYTES = 8 * 1024 * 1024

export interface PasswordFilter {
  has(password: string): boolean
  close(): void
}

export function sha1Of(password: string): Buffer {
  return createHash('sha1').update(password, 'utf8').digest()
}

function placeOf(sha1: Buffer, blocks: number): { readonly block: number; readonly bits: readonly number[] } {
  const block = Number(sha1.readBigUInt64BE(0) % BigInt(blocks))
  let rest = (sha1.readBigUInt64BE(8) << 32n) | BigInt(sha1.readUInt32BE(16))
  const bits: number[] = []
  for (let index = 0; index < BITS_SET; index += 1) {
    bits.push(Number(rest & ((1n << CHOICE_BITS) - 1n)))
    rest >>= CHOICE_BITS
  }
  return { block, bits }
}

export interface FilterBuilder {
  add(sha1: Buffer): void
  /** The whole file. */
  readonly bytes: Buffer
}

export function buildFilter(entries: number): FilterBuilder {
  const blocks = Math.max(1, Math.ceil((entries * BITS_PER_ENTRY) / (BLOCK_BYTES * 8)))
  const bytes = Buffer.alloc(HEADER_BYTES + blocks * BLOCK_BYTES)
  bytes.write(MAGIC, 0, 'latin1')
  bytes.writeBigUInt64BE(BigInt(blocks), MAGIC.length)
  return {
    bytes,
    add(sha1) {
      const { block, bits } = placeOf(sha1, blocks)
      for (const bit of bits) {
        const at = HEADER_BYTES + block * BLOCK_BYTES + (bit >> 3)
        bytes.writeUInt8(bytes.readUInt8(at) | (1 << (bit & 7)), at)
      }
    },
  }
}

/** Throws when the file is none, or is cut off. */
export function openFilter(path: string | URL): PasswordFilter {
  const file = opened(path)
  try {
    const header = Buffer.alloc(HEADER_BYTES)
    readSync(file, header, 0, HEADER_BYTES, 0)
    const blocks = Number(header.readBigUInt64BE(MAGIC.length))
    const size = HEADER_BYTES + blocks * BLOCK_BYTES
    if (header.toString('latin1', 0, MAGIC.length) !== MAGIC || blocks < 1 || fstatSync(file).size !== size)
      throw new Error(`${String(path)} is not a password filter, or not all of one. Make it with "ninefold passwords build-filter".`)
    const kept = size <= MAX_MEMORY_BYTES ? Buffer.alloc(size) : undefined
    if (kept !== undefined) readSync(file, kept, 0, size, 0)
    return { has: (password) => contains(password, blocks, blockReader(file, kept)), close: () => closeSync(file) }
  } catch (error) {
    closeSync(file)
    throw error
  }
}

/** Whoever set the path reads it, and has no use for a stack. */
function opened(path: string | URL): number {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    throw new Error(`${String(path)} cannot be read. A password filter is made with "ninefold passwords build-filter".`, { cause })
  }
}

type ReadBlock = (block: number) => Buffer

function blockReader(file: number, kept: Buffer | undefined): ReadBlock {
  return (block) => {
    const from = HEADER_BYTES + block * BLOCK_BYTES
    if (kept !== undefined) return kept.subarray(from, from + BLOCK_BYTES)
    const bytes = Buffer.alloc(BLOCK_BYTES)
    readSync(file, bytes, 0, BLOCK_BYTES, from)
    return bytes
  }
}

function contains(password: string, blocks: number, read: ReadBlock): boolean {
  const { block, bits } = placeOf(sha1Of(password), blocks)
  const bytes = read(block)
  return bits.every((bit) => (bytes.readUInt8(bit >> 3) & (1 << (bit & 7))) !== 0)
}
