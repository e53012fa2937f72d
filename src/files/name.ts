// Names that people give to files: kept for people, never used as a path.

const MAX_LENGTH = 200
const FALLBACK = 'file'
// Control characters would break lines and headers; the direction marks make `gpj.exe` look like `exe.jpg`.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** The last part of what the sender gave, without what cannot be seen. */
export function cleanName(given: string): string {
  const last = given.toWellFormed().split(/[/\\]/).at(-1) ?? ''
  const name = Array.from(last.normalize('NFC').replace(UNSEEN, '').trim()).slice(0, MAX_LENGTH).join('')
  return name === '' || /^\.+$/.test(name) ? FALLBACK : name
}
