// What bytes are, by their beginning. Never what a name or a header claims.

/** As many bytes as the sniffer asks for at most; a decision is never made on fewer unless the file ends. */
export const HEAD_BYTES = 4100

export async function sniffMediaType(head: Uint8Array): Promise<string> {
  // First, since a sniffer knows magic, not danger: text that a browser would run as a document.
  const active = activeTextType(head)
  if (active !== undefined) return active
  // Loaded by the first file that comes, not by every start and command.
  const { fileTypeFromBuffer } = await import('file-type')
  const found = await fileTypeFromBuffer(head)
  if (found !== undefined) return found.mime
  return isPlainText(head) ? 'text/plain' : 'application/octet-stream'
}

/** Markup, in any of the encodings that browsers detect by a byte order mark or assume without one. */
function activeTextType(head: Uint8Array): string | undefined {
  const start = decodeHead(head)
    .replace(/^[\s\0]+/, '')
    .toLowerCase()
  if (!start.startsWith('<')) return undefined
  if (/<svg[\s>:/]/.test(start)) return 'image/svg+xml'
  if (/<(!doctype\s+html|html|head|body|script|iframe|style|title|img|a|div|p|table|br|b|h1|font|meta|link|form|!--)[\s>/]?/.test(start))
    return 'text/html'
  return 'application/xml'
}

function decodeHead(head: Uint8Array): string {
  if (head[0] === 0xff && head[1] === 0xfe) return new TextDecoder('utf-16le').decode(head)
  if (head[0] === 0xfe && head[1] === 0xff) return new TextDecoder('utf-16be').decode(head)
  // A byte order mark is dropped by the decoder. Without one, zero bytes between letters are UTF-16 that lost its mark.
  const text = new TextDecoder('utf-8').decode(head)
  return /^[\s\0]*<\0|^\0</.test(text) ? text.replaceAll('\0', '') : text
}

function isPlainText(head: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true })
    // Control characters, but for those that lay text out, are what tells bytes from text.
    return !/[^\P{Cc}\t\n\f\r]/u.test(text)
  } catch {
    return false
  }
}
