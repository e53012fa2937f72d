// A real Chromium, driven by playwright-core. Tests that need it are skipped by name where none is installed.
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const CANDIDATES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

export const chromiumPath = process.env['NINEFOLD_TEST_CHROMIUM'] ?? CANDIDATES.find((path) => existsSync(path))

/** For the `skip` option of a test: false, or the reason. */
export const withoutChromium = chromiumPath === undefined ? 'Chromium is not installed' : false

export function launchBrowser(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error('Chromium is not installed')
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const quiet = [
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ]
  return chromium.launch({ executablePath: chromiumPath, args: [...sandbox, ...quiet] })
}
