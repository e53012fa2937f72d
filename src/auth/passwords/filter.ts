// A Bloom filter of passwords that are known from breaches: small, offline, and never wrong about one that is in it. Asked by SHA-1, so that it can be made of
// published lists of such hashes, too; that hash protects nothing here. Every key sets bits in one block of 64 bytes, so a filter of gigabytes stays on disk
// and costs one read.
import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'

const MAGIC = 'NFBLOOM1'
const HEADER_BYTES = 16
const BLOCK_BYTES = 64
const BITS_SET = 8
/** In each block 512 bits, so nine of the hash choose one. */
const CHOICE_BITS = 9n
/** About one password in 10,000 is taken for a known one, and another must be chosen: a list of 900 million in 2.7 GB. */
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
  /** Of the whole file. */
  readonly bytes: number
  add(sha1: Buffer): void
  /** An empty one. All of it at once could be more than a write takes. */
  writeTo(file: FileHandle): Promise<void>
}

/** A whole number of blocks. */
const PIECE_BYTES = 1024 * 1024

export function buildFilter(entries: number): FilterBuilder {
  const blocks = Math.max(1, Math.ceil((entries * BITS_PER_ENTRY) / (BLOCK_BYTES * 8)))
  const size = blocks * BLOCK_BYTES
  const pieces = new Map<number, Buffer>()
  const pieceOf = (index: number): Buffer => {
    const known = pieces.get(index)
    if (known !== undefined) return known
    const made = Buffer.alloc(Math.min(PIECE_BYTES, size - index * PIECE_BYTES))
    pieces.set(index, made)
    return made
  }
  return {
    bytes: HEADER_BYTES + size,
    add(sha1) {
      const { block, bits } = placeOf(sha1, blocks)
      const from = block * BLOCK_BYTES
      const piece = pieceOf(Math.floor(from / PIECE_BYTES))
      for (const bit of bits) {
        const at = (from % PIECE_BYTES) + (bit >> 3)
        piece.writeUInt8(piece.readUInt8(at) | (1 << (bit & 7)), at)
      }
    },
    async writeTo(file) {
      await file.truncate(HEADER_BYTES + size)
      await writeAll(file, headerOf(blocks), 0)
      // What no key has touched stays zero.
      for (const [index, bytes] of pieces) await writeAll(file, bytes, HEADER_BYTES + index * PIECE_BYTES)
    },
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten
}

function headerOf(blocks: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.write(MAGIC, 0, 'latin1')
  header.writeBigUInt64BE(BigInt(blocks), MAGIC.length)
  return header
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
