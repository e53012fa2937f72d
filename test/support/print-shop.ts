// The third party of the examples, run as the process of its own that it is, and what a person does with it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { type PlatformProcess, printed } from './platform.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface PrintShop {
  readonly origin: string
  /** From its front page to the photos, agreeing when asked; the person is signed in at the accounts host already. */
  signIn(page: Page): Promise<void>
  /** Asks again for the photos, and waits for the words that say that it has been shut out. */
  expectRefused(page: Page): Promise<void>
  stop(): Promise<void>
}

export async function startPrintShop(platform: PlatformProcess): Promise<PrintShop> {
  const port = platform.port + 1
  const addresses = [
    '--port',
    String(port),
    '--provider',
    platform.origin('accounts'),
    '--api',
    platform.origin('diary'),
    '--files',
    platform.origin('files'),
  ]
  const child = spawn(process.execPath, ['examples/print-shop/server.ts', ...addresses], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  await printed(child, /printshop\.localhost/, () => output)
  const origin = `http://printshop.localhost:${port}`
  return {
    origin,
    async signIn(page) {
      await page.goto(origin)
      await page.getByRole('button', { name: 'Sign in with Pixel Diary' }).first().click()
      await page.getByText('Print Shop').first().waitFor()
      await page.getByRole('button', { name: 'Allow', exact: true }).click()
      await page.waitForURL(`${origin}/**`)
    },
    async expectRefused(page) {
      await page.getByRole('button', { name: /look again/i }).click()
      await page
        .getByText(/no longer lets us in/i)
        .first()
        .waitFor()
    },
    async stop() {
      if (child.exitCode === null) {
        child.kill()
        await once(child, 'exit')
      }
    },
  }
}
