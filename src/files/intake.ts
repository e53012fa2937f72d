// The way in: bytes are counted, judged, cleaned and hashed while they stream past, and refused as soon as they break a rule.
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { BucketDefinition } from './contract.ts'
import { fileErrors } from './errors.ts'
import { withoutCameraData } from './jpeg.ts'
import { HEAD_BYTES, sniffMediaType } from './media-type.ts'
import { pngWithoutNotes } from './png.ts'
import { webpWithoutNotes } from './webp.ts'

/** What takes out of a picture what is not needed to show it. */
const CLEANERS: ReadonlyMap<string, (source: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array>> = new Map([
  ['image/jpeg', withoutCameraData],
  ['image/png', pngWithoutNotes],
  ['image/apng', pngWithoutNotes],
  ['image/webp', webpWithoutNotes],
])

export interface Findings {
  readonly mediaType: string
  /** Of what is kept, which may be less than what was sent. */
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

  async function* kept(): AsyncGenerator<Uint8Array> {
    const judged = judge(content, bucket, (found) => {
      mediaType = found
    })
    // Nothing comes out before the type is known.
    const first = await judged.next()
    if (first.done === true) return
    const all = startingWith(first.value, judged)
    const clean = bucket.keepCameraData === true ? undefined : CLEANERS.get(mediaType ?? '')
    for await (const piece of clean === undefined ? all : clean(all)) {
      bytes += piece.length
      hash.update(piece)
      yield piece
    }
  }

  return {
    body: kept(),
    findings() {
      if (mediaType === undefined) throw new Error('The body has not ended.')
      return { mediaType, bytes, sha256: hash.digest('hex') }
    },
  }
}

/** Passes on what it can accept: not too much of it, and of a type that the bucket takes. */
async function* judge(content: Readable, bucket: BucketDefinition, tell: (mediaType: string) => void): AsyncGenerator<Uint8Array> {
  let received = 0
  let held: Uint8Array[] | undefined = []
  // The source stays open when the file is refused, so that the answer can still be sent on its connection.
  for await (const chunk of content.iterator({ destroyOnReturn: false })) {
    const piece: Uint8Array = chunk
    received += piece.length
    if (received > bucket.maxBytes) throw tooLarge(bucket)
    if (held === undefined) {
      yield piece
      continue
    }
    held.push(piece)
    if (received < HEAD_BYTES) continue
    tell(await acceptedType(held, bucket))
    yield* held
    held = undefined
  }
  if (received === 0) throw fileErrors.empty({ detail: 'Send the bytes of the file as the body of the request.' })
  if (held === undefined) return
  tell(await acceptedType(held, bucket))
  yield* held
}

async function acceptedType(held: readonly Uint8Array[], bucket: BucketDefinition): Promise<string> {
  const mediaType = await sniffMediaType(Buffer.concat(held).subarray(0, HEAD_BYTES))
  if (bucket.accept.includes(mediaType)) return mediaType
  throw fileErrors.unsupported_type({
    detail: `These bytes are ${mediaType}. The bucket ${bucket.name} accepts ${bucket.accept.join(', ')}.`,
  })
}

async function* startingWith(first: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first
  yield* rest
}

export function tooLarge(bucket: BucketDefinition): Error {
  return fileErrors.too_large({ detail: `The bucket ${bucket.name} takes files of at most ${bucket.maxBytes} bytes.` })
}
