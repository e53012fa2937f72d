// What a mail carries leads into an account: whoever reads the database, or a copy of it, finds nothing of it, from the write that asks for the mail on.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { callAs } from '#kernel/call.ts'
import { createJobsRepository } from '../../src/jobs/repository.ts'
import type { AppFactory } from '../../src/app.ts'
import type { JobState } from '../../src/jobs/schemas.ts'
import { type AccountsWorld, call, openAccounts, type SentMail } from '../support/accounts.ts'
import { everythingStored } from '../support/scenario-database.ts'
import { startSmtpSink } from '../support/smtp-sink.ts'
import { until } from '../support/until.ts'
import { wholePlatform } from '../support/whole-platform.ts'

const NOT_NOW = '451 4.2.1 come back later'
const NEVER = '550 5.1.1 no such person'
const HOUR_MS = 3_600_000
const FLOWS = [
  ['already-registered', 'ada@example.org'],
  ['confirm-address', 'new@example.org'],
  ['confirm-new-address', 'moved@example.org'],
  ['invitation', 'guest@example.org'],
  ['organisation-invitation', 'bob@example.org'],
  ['reset-password', 'ada@example.org'],
  ['sign-in-code-or-link', 'ada@example.org'],
] as const

/** Asks for one mail of each kind that leads somewhere. */
async function askForAll(world: AccountsWorld, accountId: string, round: number): Promise<void> {
  const { accounts, byMail, organisations, running } = world
  const asker = { client: `client ${round}`, browser: `browser ${round}` }
  const asked = callAs(call, { kind: 'anonymous' })
  for (const email of ['ada@example.org', 'new@example.org'])
    await accounts.signUp(call, { name: 'Ada', email, password: 'nine folded squares', ...asker })
  await byMail.recovery.ask(call, { email: 'ada@example.org', ...asker })
  await byMail.signIns.ask(call, { email: 'ada@example.org', interaction: `in ${round}`, ...asker })
  await byMail.addresses.ask(call, { email: 'moved@example.org', accountId, ...asker })
  await running.shared.admission.invite(call, 'guest@example.org')
  const { id: organisationId } = await organisations.organisations.create(asked, { name: `Acme ${round}`, accountId })
  const inviter = { accountId, organisationId, client: asker.client }
  await organisations.invitations.invite(asked, inviter, { email: 'bob@example.org', roles: [] })
}

/** What nobody may find: the link, what in it is a secret, and the code in both of its spellings. */
function secretsOf({ data: { link, code } }: SentMail): string[] {
  const secrets: string[] = code === undefined ? [] : [code, code.replaceAll(' ', '')]
  if (link !== undefined) secrets.push(link, ...new URL(link).searchParams.values())
  return secrets
}

test('requirement 70: no link, token or code of a mail is in the database, while it waits, when it has failed and once it was sent', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ninefold-mails-'))
  const file = join(folder, 'main.db')
  const sink = await startSmtpSink()
  const definition = { methods: { emailCode: true, magicLink: true }, organisations: { roles: [] } }
  const world = await openAccounts({ durableFile: file, definition, mailServer: `smtp://127.0.0.1:${sink.port}` })
  t.after(async () => {
    await world.stop()
    await sink.stop()
    await rm(folder, { recursive: true, force: true })
  })
  const jobs = createJobsRepository(world.database)
  const { accountId } = await world.person()
  await until('the first mail', async () => (await jobs.inState(call, 'done', 1)).items.length === 1)

  const secrets = new Set<string>()
  // Others run by the clock, which is advanced here.
  const mailsIn = async (state: JobState) => (await jobs.inState(call, state, 100)).items.filter(({ value }) => value.name === 'mail.send')
  const ends = async (state: JobState, answer: string | undefined, round: number): Promise<void> => {
    const [sent, known] = [sink.mails.length, world.mails.length]
    const before = (await mailsIn(state)).length
    if (answer !== undefined) for (const _ of FLOWS) sink.refuseNextRecipient(answer)
    await askForAll(world, accountId, round)
    const all = await until(`${state} mails`, async () => {
      const mails = world.mails.slice(known)
      const items = await mailsIn(state)
      const told = state === 'done' || items.every(({ value }) => value.lastError !== undefined)
      return mails.length === FLOWS.length && items.length === before + FLOWS.length && told ? mails : undefined
    })
    assert.deepEqual(all.map(({ template, to }) => [template, to]).toSorted(), FLOWS.map((flow) => [...flow]).toSorted())
    assert.equal(sink.mails.length - sent, answer === undefined ? FLOWS.length : 0)
    for (const secret of all.flatMap(secretsOf)) secrets.add(secret)
    const stored = await everythingStored(file)
    assert.ok(stored.includes('mail.send'), 'the mails were looked for where they are')
    for (const secret of secrets) assert.equal(stored.includes(secret), false, `${state}: ${secret}`)
  }

  await ends('done', undefined, 1)
  // Whatever limits the first round has used up.
  world.clock.advance(HOUR_MS)
  await ends('failed', NEVER, 2)
  world.clock.advance(HOUR_MS)
  await ends('waiting', NOT_NOW, 3)
  assert.ok(secrets.size > 3 * FLOWS.length)
})

const app: AppFactory = () => ({
  name: 'Shop',
  frontends: [{ name: 'shop', title: 'Shop', mode: 'cookie', scopes: [], folder: import.meta.dirname }],
  scopes: {},
  resources: [],
  auth: {
    theme: { colours: { light: { accent: '#7a1f5c' } } },
    mails: { en: { frame: { reason: 'Because {product} has your address.' }, mails: {} } },
  },
})

test('the whole platform seals what it mails, and sends it in the frame and the colours of the app', async (t) => {
  const sink = await startSmtpSink()
  const platform = await wholePlatform(app, { environment: { NINEFOLD_JOBS_SMTP_URL: `smtp://127.0.0.1:${sink.port}` } })
  t.after(async () => {
    await platform.stop()
    await platform.remove()
    await sink.stop()
  })
  await platform.start()
  sink.refuseNextRecipient(NOT_NOW)
  await platform.running().auth.invite(call, 'ada@example.org')
  const jobRows = async (): Promise<string> => (await platform.rows()).get('jobs') ?? ''
  await until('the first try', async () => (await jobRows()).includes('451 4.2.1'))
  const rows = await platform.rows()
  for (const table of ['jobs', 'ninefold_events']) {
    const stored = rows.get(table) ?? ''
    assert.ok(stored.includes('mail.send'), table)
    assert.equal(/ada@example\.org|"invitation|sign-up/.test(stored.replaceAll('\\', '')), false, table)
  }
  platform.advance(HOUR_MS)
  const { source } = await until('the mail', () => sink.mails[0])
  const text = source.replaceAll('=\r\n', '')
  assert.ok(text.includes('To: ada@example.org') && text.includes('#7a1f5c'))
  assert.equal(text.split('has your address.').length, 3, 'in both parts')
})
