// Whether a browser shows a file or saves it, and under which name (RFC 6266, RFC 8187).

/** Types that a browser draws without running anything. All else is saved, never shown. */
const INLINE = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
  'video/mp4',
  'video/webm',
  'audio/mpeg',
  'audio/ogg',
])

export function dispositionOf(file: { readonly mediaType: string; readonly name: string }): string {
  const kind = INLINE.has(file.mediaType) ? 'inline' : 'attachment'
  const ascii = file.name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  if (ascii === file.name) return `${kind}; filename="${ascii}"`
  const encoded = encodeURIComponent(file.name).replace(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${encoded}`
}
