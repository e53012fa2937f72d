import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomToken } from './ids.ts'
import { jobRequested } from './job.ts'
import { createKeyRing, type KeyRing } from './keyring.ts'
import { z } from './schema.ts'
import { createJobSeal } from './sealed-job.ts'
import { Secret } from './secret.ts'

const ringOf = (...keys: string[]): KeyRing => createKeyRing(new Secret(keys.join(' ')))
const [former, newest] = [randomToken(), randomToken()]
const seal = createJobSeal(ringOf(former))
const stored = z.strictObject({ id: z.string(), sealed: z.string() })
const mail = (to: string) => ({
  name: 'mail.send',
  input: { to, template: 'reset-password', data: { link: 'https://a.test/?token=t0k3n' } },
})
const sealedMail = (to: string) => stored.parse(seal.request(mail(to), 5).input)

test('a mail is sealed in the event and in the job, and opens with when it was asked for', () => {
  const draft = jobRequested(mail('ada@example.org'))
  const event = seal.event(draft, 7)
  assert.deepEqual([event.topic, event.key], [draft.topic, draft.key])
  assert.doesNotMatch(JSON.stringify(event), /ada@|reset|t0k3n/)
  const { name, input } = z.strictObject({ name: z.string(), input: stored }).parse(event.data)
  assert.equal(name, 'mail.send')
  assert.deepEqual(seal.open(input), { at: 7, input: mail('ada@example.org').input })
  assert.notEqual(sealedMail('ada@example.org').sealed, sealedMail('ada@example.org').sealed)
})

test('so is what asks for one, when another system has been asked whose the address is', () => {
  const asking = { name: 'auth.stranger_mail', input: { request: mail('ada@example.org').input } }
  assert.doesNotMatch(JSON.stringify(seal.event(jobRequested(asking), 7)), /ada@|reset|t0k3n/)
  assert.deepEqual(seal.open(seal.request(asking, 5).input), { at: 5, input: asking.input })
})

test('what is sealed for one request opens in no other, nor changed, nor under another key', () => {
  const [ada, eve] = [sealedMail('ada@example.org'), sealedMail('eve@example.org')]
  assert.equal(seal.open({ id: eve.id, sealed: ada.sealed }), undefined)
  assert.equal(seal.open({ id: ada.id, sealed: eve.sealed }), undefined)
  assert.equal(
    seal.open({ ...ada, sealed: ada.sealed.replace(/.{40}/, (head) => `${head.slice(0, -1)}${head.endsWith('A') ? 'B' : 'A'}`) }),
    undefined,
  )
  assert.equal(createJobSeal(ringOf(newest)).open(ada), undefined)
  assert.deepEqual(seal.open(ada), { at: 5, input: mail('ada@example.org').input })
})

test('a former version of the master key still opens, and what was stored in clear is there as it was', () => {
  assert.deepEqual(createJobSeal(ringOf(newest, former)).open(sealedMail('ada@example.org')), {
    at: 5,
    input: mail('ada@example.org').input,
  })
  assert.deepEqual(seal.open(mail('ada@example.org').input), { input: mail('ada@example.org').input })
})

test('other jobs and other events stay as they are', () => {
  const other = { name: 'auth.end_access', input: { accountId: 'a' } }
  assert.equal(seal.request(other, 1), other)
  const drafts = [
    jobRequested(other),
    { topic: 'notes', key: 'k', data: mail('ada@example.org') },
    { topic: 'jobs.requested', key: 'k', data: null },
  ]
  for (const draft of drafts) assert.equal(seal.event(draft, 1), draft)
})
