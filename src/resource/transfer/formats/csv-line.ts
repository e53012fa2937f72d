// One line of CSV (RFC 4180).

/** A cell with leading or trailing white space is quoted too: some programs would take it away. */
const NEEDS_QUOTES = /[",;\t\r\n]|^\s|\s$/

export function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

function csvCell(text: string): string {
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
