// From a form of ours to an app on the person's own machine: by a scheme of its own, or on a loopback address. The browser checks the redirect against the
// policy of the page that has the form.
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { policyFor } from '../../src/auth/pages/interaction-answers.ts'
import { hostHeaders } from '../../src/gateway/headers.ts'
import { launchBrowser, withoutChromium } from '../support/browser.ts'
import { until } from '../support/until.ts'

const listening = async (server: Server, host: string): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  return (server.address() as AddressInfo).port
}

describe('requirement 4: an app that people install gets its answer', { skip: withoutChromium }, () => {
  let browser: Browser
  const reached: string[] = []
  const servers: Server[] = []
  const app = async (host: string): Promise<number> => {
    const server = createServer((request, response) => {
      reached.push(`${host} ${request.url ?? ''}`)
      response.end('the app')
    })
    servers.push(server)
    return listening(server, host)
  }
  before(async () => {
    browser = await launchBrowser()
  })
  after(async () => {
    await browser?.close()
    for (const server of servers) server.close()
  })

  /** The page with the form, as the gateway sends it for an interaction of this client, and the answer to the form. The directive that the browser finds broken. */
  async function submit(redirectUri: string, allowed = redirectUri): Promise<string> {
    const isRefused = allowed !== redirectUri
    const sites = { app: 'http://app.localhost', files: 'http://files.localhost' }
    const headers = hostHeaders({ origin: 'http://accounts.localhost', sites: new Set(['accounts']) }, { sites } as Parameters<
      typeof hostHeaders
    >[1])
    const { origin, protocol } = new URL(allowed)
    const client = { clientId: 'c', name: 'C', host: 'h', redirectOrigin: origin === 'null' ? protocol : origin, firstParty: false }
    const policy = headers.pagePolicy('nonce', policyFor({ uid: 'u', prompt: 'consent', scopes: [], client }))
    const pages = createServer((request, response) => {
      if (request.method === 'POST') response.writeHead(303, { location: redirectUri }).end()
      else
        response
          .setHeader('content-security-policy', policy)
          .setHeader('content-type', 'text/html')
          .end('<form method=post><button>Allow</button></form>')
    })
    servers.push(pages)
    const port = await listening(pages, '127.0.0.1')
    const page = await browser.newPage()
    const failed = new Promise<void>((resolve) => {
      // An icon that is no longer wanted is none of this.
      page.on('requestfailed', (request) => {
        if (request.isNavigationRequest()) resolve()
      })
    })
    await page.goto(`http://127.0.0.1:${port}/`)
    const moved = page.waitForURL((url) => url.port !== String(port)).catch(() => undefined)
    const refused: string[] = []
    page.on('console', (message) => refused.push(...(/"(form-action)/.exec(message.text())?.slice(1) ?? [])))
    await page.getByRole('button').click({ noWaitAfter: true })
    await Promise.race([failed, moved])
    // What it says of the form may come a moment after the failure.
    await until('the word of the browser', () => !isRefused || refused.length > 0)
    await page.evaluate('1').catch(() => undefined)
    await page.close()
    return refused.join()
  }

  test('on the loopback address of either kind', async () => {
    for (const host of ['127.0.0.1', '::1']) {
      const uri = `http://${host === '::1' ? '[::1]' : host}:${await app(host)}/callback?code=x`
      assert.equal(await submit(uri), '', uri)
      await until(`the answer at ${uri}`, () => reached.includes(`${host} /callback?code=x`))
    }
  })

  test('by the scheme that it has', async () => {
    assert.equal(await submit('com.example.app:/callback?code=x'), '')
  })

  test('and nobody else does', async () => {
    const other = `http://127.0.0.1:${await app('127.0.0.1')}/other`
    for (const allowed of ['com.example.app:/callback', 'http://[::1]:4321/callback', 'https://client.example/'])
      assert.equal(await submit(other, allowed), 'form-action', allowed)
    assert.equal(await submit('com.example.other:/callback', 'com.example.app:/callback'), 'form-action')
    assert.equal(
      reached.some((one) => one.endsWith('/other')),
      false,
    )
  })
})
