// Compressed forms of built files (RFC 9110 section 12.5.3): made once, when a file is first asked for, in the background, so that neither
// start-up nor a request waits for them.
import { promisify } from 'node:util'
import { brotliCompress, gzip, constants as zlib } from 'node:zlib'
import type { BuiltFile } from './folder.ts'

const compressBrotli = promisify(brotliCompress)
const compressGzip = promisify(gzip)
const MIN_BYTES = 1024
const WORTH_IT = 0.95
const COMPRESSIBLE = /^(text\/|application\/(json|manifest\+json|xml|wasm)|image\/(svg\+xml|x-icon))/

export type Encoding = 'br' | 'gzip'

export interface Compressor {
  /** Somebody who takes compressed forms has asked for this file: makes them, if this is the first time. */
  want(file: BuiltFile): void
  /** Finishes the file that it is at. */
  stop(): Promise<void>
}

/** One file after the other, on a thread of the pool. */
export function createCompressor(onError: (error: unknown) => void): Compressor {
  const wanted = new Set<BuiltFile>()
  let stopped = false
  let work: Promise<void> = Promise.resolve()
  const attempt = async (file: BuiltFile): Promise<void> => {
    try {
      if (!stopped) await compress(file)
    } catch (error) {
      onError(error)
    }
  }
  return {
    want(file) {
      if (stopped || wanted.has(file) || file.plain.length < MIN_BYTES || !COMPRESSIBLE.test(file.type)) return
      wanted.add(file)
      work = work.then(() => attempt(file))
    },
    async stop() {
      stopped = true
      await work
    },
  }
}

async function compress(file: BuiltFile): Promise<void> {
  const small = file.plain.length * WORTH_IT
  const zipped = await compressGzip(file.plain, { level: 9 })
  if (zipped.length < small) file.gzip = zipped
  // The level above takes twice the time for two per cent.
  const params = { [zlib.BROTLI_PARAM_QUALITY]: 10, [zlib.BROTLI_PARAM_SIZE_HINT]: file.plain.length }
  const brotli = await compressBrotli(file.plain, { params })
  if (brotli.length < small) file.br = brotli
}

/** The best encoding that the client takes. An encoding with `q=0` is refused by it; weights between others are ignored: brotli is smaller. */
export function acceptedEncodings(header: string | undefined): readonly Encoding[] {
  if (header === undefined) return []
  const refused = new Set<string>()
  const accepted = new Set<string>()
  for (const part of header.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim())
    const weight = parameters.find((parameter) => parameter.startsWith('q='))
    if (weight !== undefined && Number(weight.slice(2)) === 0) refused.add(name)
    else accepted.add(name)
  }
  const takes = (encoding: Encoding): boolean => accepted.has(encoding) || (accepted.has('*') && !refused.has(encoding))
  return (['br', 'gzip'] as const).filter(takes)
}
