// The way in: bytes are counted, hashed and looked at while they stream past, and refused as soon as they break a rule.
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { BucketDefinition } from './contract.ts'
import { fileErrors } from './errors.ts'
import { HEAD_BYTES, sniffMediaType } from './media-type.ts'

export interface Findings {
  readonly mediaType: string
  readonly bytes: number
  readonly sha256: string
}

export interface Intake {
  /** The bytes to keep. Throws in the middle, or at the end, when the file is not acceptable. */
  readonly body: AsyncIterable<Uint8Array>
  /** After the body has ended. */
  findings(): Findings
}

export function takeIn(content: Readable, bucket: BucketDefinition): Intake {
  const hash = createHash('sha256')
  let bytes = 0
  let mediaType: string | undefined

  const judge = async (held: readonly Uint8Array[]): Promise<void> => {
    mediaType = await sniffMediaType(Buffer.concat(held).subarray(0, HEAD_BYTES))
    if (bucket.accept.includes(mediaType)) return
    throw fileErrors.unsupported_type({
      detail: `These bytes are ${mediaType}. The bucket ${bucket.name} accepts ${bucket.accept.join(', ')}.`,
    })
  }

  async function* pass(): AsyncGenerator<Uint8Array> {
    let held: Uint8Array[] | undefined = []
    // The source stays open when the file is refused, so that the answer can still be sent on its connection.
    for await (const chunk of content.iterator({ destroyOnReturn: false })) {
      const piece: Uint8Array = chunk
      bytes += piece.length
      if (bytes > bucket.maxBytes) throw tooLarge(bucket)
      hash.update(piece)
      if (held === undefined) {
        yield piece
        continue
      }
      held.push(piece)
      if (bytes < HEAD_BYTES) continue
      await judge(held)
      yield* held
      held = undefined
    }
    if (bytes === 0) throw fileErrors.empty({ detail: 'Send the bytes of the file as the body of the request.' })
    if (held === undefined) return
    await judge(held)
    yield* held
  }

  return {
    body: pass(),
    findings() {
      if (mediaType === undefined) throw new Error('The body has not ended.')
      return { mediaType, bytes, sha256: hash.digest('hex') }
    },
  }
}

export function tooLarge(bucket: BucketDefinition): Error {
  return fileErrors.too_large({ detail: `The bucket ${bucket.name} takes files of at most ${bucket.maxBytes} bytes.` })
}
