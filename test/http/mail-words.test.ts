// What a mail says follows from the app, though nobody who reads a language has asked for it: the languages on offer, and the ways in that there are.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppFactory } from '../../src/app.ts'
import { call } from '../support/accounts.ts'
import { until } from '../support/until.ts'
import { wholePlatform } from '../support/whole-platform.ts'

const app: AppFactory = () => ({
  name: 'Laden',
  frontends: [{ name: 'laden', title: 'Laden', mode: 'cookie', scopes: [], folder: import.meta.dirname }],
  scopes: {},
  resources: [],
  auth: { languages: ['de'], methods: { password: false } },
})

test('mails of operators and jobs are in the first language of the app, and know how people get in', async (t) => {
  const platform = await wholePlatform(app)
  t.after(async () => {
    await platform.stop()
    await platform.remove()
  })
  await platform.start()
  const { auth, jobs } = platform.running()
  const mailed = (to: string): Promise<{ readonly subject: string; readonly text: string }> =>
    until(`the mail to ${to}`, async () => (await platform.mails(to))[0])
  await auth.invite(call, 'ada@example.org')
  assert.match((await mailed('ada@example.org')).subject, /^Sie sind zu Laden eingeladen$/)
  const data = { name: 'Bob', when: new Date(0).toUTCString() }
  for (const [to, language] of [
    ['bob@example.org', undefined],
    ['eve@example.org', 'DE'],
    ['kim@example.org', 'sv'],
  ] as const) {
    await jobs.enqueue(call, { name: 'mail.send', input: { to, template: 'address-taken', data, ...(language && { language }) } })
    assert.match((await mailed(to)).text, /Passkey verloren\?/)
  }
})
