// Text that a spreadsheet would run as a formula is written with an apostrophe before it, and read without. The same mark tells an empty text from no
// value. It is its own escape, so that every text comes back as it was.

// What begins a formula in one spreadsheet or another (OWASP: CSV injection).
const GUARDED = /^'*(?:[=+\-@\t\r]|$)/
const MARKED = /^'+(?:[=+\-@\t\r]|$)/

export function withGuard(text: string): string {
  return GUARDED.test(text) ? `'${text}` : text
}

export function withoutGuard(cell: unknown): { readonly value: unknown; readonly isText: boolean } {
  return typeof cell === 'string' && MARKED.test(cell) ? { value: cell.slice(1), isText: true } : { value: cell, isText: false }
}
