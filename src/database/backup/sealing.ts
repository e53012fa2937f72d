// Encryption of a stream in chunks (the STREAM construction): AES-256-GCM under a key of this stream alone, the number of the chunk and whether it is the
// last one in its nonce. So a chunk that is changed, moved, repeated or missing at the end does not open, and nothing is held in memory but one chunk.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, scrypt } from 'node:crypto'

const MAGIC = Buffer.from('NFB1')
const SALT_BYTES = 16
const CHUNK_BYTES = 65_536
const TAG_BYTES = 16
const NONCE_BYTES = 12
const SCRYPT = { N: 32_768, r: 8, p: 1, maxmem: 67_108_864 }

/** The bytes are not what was written, or the key is another. */
export class Damaged extends Error {
  override readonly name = 'Damaged'
}

/** From what a person chose, or from random bytes: slow on purpose. */
export function rootOf(secret: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, 32, SCRYPT, (error, key) => (error === null ? resolve(key) : reject(error)))
  })
}

export function keyFor(root: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', root, 'ninefold backup', purpose, 32))
}

function nonceOf(number: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES)
  nonce.writeUIntBE(number, NONCE_BYTES - 7, 6)
  nonce[NONCE_BYTES - 1] = isLast ? 1 : 0
  return nonce
}

/** `binding` says what this is; under another one it does not open. */
export async function* sealed(source: AsyncIterable<Uint8Array>, key: Buffer, binding: string): AsyncGenerator<Buffer> {
  const salt = randomBytes(SALT_BYTES)
  const streamKey = Buffer.from(hkdfSync('sha256', key, salt, binding, 32))
  const seal = (chunk: Buffer, number: number, isLast: boolean): Buffer => {
    const cipher = createCipheriv('aes-256-gcm', streamKey, nonceOf(number, isLast), { authTagLength: TAG_BYTES })
    return Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()])
  }
  yield Buffer.concat([MAGIC, salt])
  let number = 0
  const blocks = new Blocks(CHUNK_BYTES)
  for await (const piece of source) {
    blocks.push(piece)
    // A whole chunk stays until something follows it, since the last one is marked.
    for (let chunk = blocks.whole(); chunk !== undefined; chunk = blocks.whole()) {
      yield seal(chunk, number, false)
      number += 1
    }
  }
  yield seal(blocks.rest(), number, true)
}

export async function* opened(source: AsyncIterable<Uint8Array>, key: Buffer, binding: string): AsyncGenerator<Buffer> {
  const blocks = new Blocks(CHUNK_BYTES + TAG_BYTES)
  let streamKey: Buffer | undefined
  let number = 0
  const open = (block: Buffer, isLast: boolean): Buffer => {
    if (streamKey === undefined || block.length < TAG_BYTES) throw new Damaged(`${binding} is cut short.`)
    const decipher = createDecipheriv('aes-256-gcm', streamKey, nonceOf(number, isLast), { authTagLength: TAG_BYTES })
    decipher.setAuthTag(block.subarray(block.length - TAG_BYTES))
    try {
      return Buffer.concat([decipher.update(block.subarray(0, block.length - TAG_BYTES)), decipher.final()])
    } catch (cause) {
      throw new Damaged(`${binding} does not open: it was changed, cut short, or sealed with another key (chunk ${number}).`, { cause })
    }
  }
  for await (const piece of source) {
    blocks.push(piece)
    if (streamKey === undefined) {
      const head = blocks.take(MAGIC.length + SALT_BYTES)
      if (head === undefined) continue
      if (!head.subarray(0, MAGIC.length).equals(MAGIC)) throw new Damaged(`${binding} is not a part of a backup.`)
      streamKey = Buffer.from(hkdfSync('sha256', key, head.subarray(MAGIC.length), binding, 32))
    }
    for (let block = blocks.whole(); block !== undefined; block = blocks.whole()) {
      yield open(block, false)
      number += 1
    }
  }
  yield open(blocks.rest(), true)
}

/** Pieces of any size in, blocks of one size out. */
class Blocks {
  readonly #size: number
  #pieces: Uint8Array[] = []
  #bytes = 0

  constructor(size: number) {
    this.#size = size
  }

  push(piece: Uint8Array): void {
    this.#pieces.push(piece)
    this.#bytes += piece.length
  }

  /** A block, if there is more than one. */
  whole(): Buffer | undefined {
    return this.#bytes > this.#size ? this.#cut(this.#size) : undefined
  }

  take(bytes: number): Buffer | undefined {
    return this.#bytes < bytes ? undefined : this.#cut(bytes)
  }

  rest(): Buffer {
    return this.#cut(this.#bytes)
  }

  #cut(bytes: number): Buffer {
    const all = Buffer.concat(this.#pieces)
    this.#pieces = [all.subarray(bytes)]
    this.#bytes = all.length - bytes
    return all.subarray(0, bytes)
  }
}
