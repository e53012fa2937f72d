// Compressed forms of built files: made once, in the background, so that neither start-up nor a request waits for them (RFC 9110 section 12.5.3).
import { promisify } from 'node:util'
import { brotliCompress, gzip, constants as zlib } from 'node:zlib'
import type { BuiltFile } from './folder.ts'

const compressBrotli = promisify(brotliCompress)
const compressGzip = promisify(gzip)
const MIN_BYTES = 1024
const COMPRESSIBLE = /^(text\/|application\/(json|manifest\+json|xml|wasm)|image\/(svg\+xml|x-icon))/

export type Encoding = 'br' | 'gzip'

/** One file after the other, on a thread of the pool. Ends early when the signal says so. */
export async function compressAll(files: Iterable<BuiltFile>, signal: AbortSignal): Promise<void> {
  for (const file of files) {
    if (signal.aborted) return
    if (file.plain.length < MIN_BYTES || !COMPRESSIBLE.test(file.type)) continue
    const small = file.plain.length * 0.95
    const zipped = await compressGzip(file.plain, { level: 9 })
    if (zipped.length < small) file.gzip = zipped
    if (signal.aborted) return
    const brotli = await compressBrotli(file.plain, {
      params: { [zlib.BROTLI_PARAM_QUALITY]: 11, [zlib.BROTLI_PARAM_SIZE_HINT]: file.plain.length },
    })
    if (brotli.length < small) file.br = brotli
  }
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
