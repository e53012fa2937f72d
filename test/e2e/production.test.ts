// A platform in production, behind a proxy that ends TLS: what it prints, and whose mails it sends.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { CookieJar, type Reply, send } from '../support/http.ts'
import { ninefold } from '../support/command.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { startSmtpSink } from '../support/smtp-sink.ts'
import { until } from '../support/until.ts'
import { formsOf } from '../support/visitor.ts'

const production = (smtpPort: number): Record<string, string> => ({
  NINEFOLD_MODE: 'production',
  NINEFOLD_DOMAIN: 'diary.example',
  NINEFOLD_MASTER_KEY: createHash('sha256').update('production').digest('base64url'),
  NINEFOLD_JOBS_SMTP_URL: `smtp://127.0.0.1:${smtpPort}`,
  NINEFOLD_GATEWAY_TRUSTED_PROXIES: '127.0.0.1',
})

/** As the proxy passes it on. */
const arrive = (
  { port }: PlatformProcess,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: string } = {},
): Promise<Reply> =>
  send({
    port,
    host: 'accounts.diary.example',
    path,
    headers: { 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.9', ...headers },
    ...(body !== undefined && { method: 'POST', body }),
  })

test('mails come from the name of the app and its domain, and no link into the console is printed where logs would keep it', async () => {
  const sink = await startSmtpSink()
  const environment = production(sink.port)
  const platform = await startPlatform({ environment })
  try {
    const page = await arrive(platform, '/sign-up')
    assert.equal(page.status, 200, page.body)
    const jar = new CookieJar()
    jar.take(page)
    const hidden = formsOf(page.body).find(({ action }) => action.endsWith('/sign-up'))?.hidden
    const body = new URLSearchParams({ ...hidden, email: 'cleo@example.com', name: 'Cleo', password: 'correct horse battery staple' })
    const origin = 'https://accounts.diary.example'
    const headers = { origin, cookie: jar.header() ?? '', 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await arrive(platform, '/sign-up', { headers, body: body.toString() })
    assert.equal(answer.status, 303, answer.body)
    const mail = await until('the mail', () => sink.mails[0])
    assert.equal(mail.from, 'no-reply@diary.example')
    assert.match(mail.source, /^From: "?Pixel Diary"? <no-reply@diary\.example>\r$/m)

    assert.doesNotMatch(platform.output(), /code=/)
    assert.match(platform.output(), /https:\/\/console\.diary\.example \(ninefold admin link prints a link into it\)/)
    const link = await ninefold(['admin', 'link', '--data-dir', platform.dataDir, '--port', String(platform.port)], { environment })
    assert.match(link.out, /https:\/\/console\.diary\.example\/enter\?code=\S/, link.err)
  } finally {
    await platform.stop({ remove: true })
    await sink.stop()
  }
})
