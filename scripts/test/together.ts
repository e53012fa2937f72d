// Several test files in one process, one after the other: what they import is loaded once, which is half of what a file of test/http takes on SQLite. Each is a
// suite, so what it prepares and clears away (`before`, `after`, ...) is its own, and one that cannot be loaded fails by name, alone.
import { readFileSync } from 'node:fs'
import { describe } from 'node:test'
import { pathToFileURL } from 'node:url'

/** Of one file; its tests have limits of their own. */
const FILE_TIMEOUT_MS = 600_000

const files = process.argv.slice(2).map((file) => ({ file, url: pathToFileURL(file) }))

/**
 * What a file imports is loaded before its suite begins: where something among it awaits while it is loaded, the file would be run outside of the suite, and
 * its tests would be nobody's. (That would be seen: a file without a test fails.)
 */
async function loadImports({ file, url }: { readonly file: string; readonly url: URL }): Promise<void> {
  const named = [...readFileSync(file, 'utf8').matchAll(/^(?:import (?!type )|\} )[^\n]*?from '(?<what>[^']+)'$/gm)]
  for (const what of named.flatMap(({ groups }) => groups?.['what'] ?? [])) {
    try {
      await import(what.startsWith('.') ? new URL(what, url).href : what)
    } catch {
      // The file itself will say so.
    }
  }
}

for (const one of files) await loadImports(one)

for (const { file, url } of files) {
  describe(file, { timeout: FILE_TIMEOUT_MS }, async () => {
    await import(url.href)
  })
}
