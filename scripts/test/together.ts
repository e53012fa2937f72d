// Several test files in one process, one after the other: what they import is loaded once, which is half of what a file of test/http takes. Each is a
// suite, so what it prepares and clears away (`before`, `after`, ...) is its own, and one that cannot be loaded fails by name, alone.
import { describe } from 'node:test'
import { pathToFileURL } from 'node:url'

/** Of one file; its tests have limits of their own. */
const FILE_TIMEOUT_MS = 600_000

for (const file of process.argv.slice(2)) {
  describe(file, { timeout: FILE_TIMEOUT_MS }, async () => {
    await import(pathToFileURL(file).href)
  })
}
