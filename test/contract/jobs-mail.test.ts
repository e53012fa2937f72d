// Mail from the job to the wire: a real conversation with a mail server, and the development mailbox.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { Database } from '../../src/database/contract.ts'
import { createSqliteDatabase } from '../../src/database/server.ts'
import type { Jobs } from '../../src/jobs/contract.ts'
import { createMailbox } from '../../src/jobs/mail/mailbox.ts'
import { createJobsRepository, type JobsRepository } from '../../src/jobs/repository.ts'
import { newJob } from '../../src/jobs/record.ts'
import { jobsServer } from '../../src/jobs/server.ts'
import { systemCall } from '../../src/kernel/call.ts'
import { randomToken } from '../../src/kernel/ids.ts'
import { createKeyRing } from '../../src/kernel/keyring.ts'
import type { Running } from '../../src/kernel/lifecycle.ts'
import { createLogger } from '../../src/kernel/log.ts'
import { createJobSeal } from '../../src/kernel/sealed-job.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { type FakeClock, fakeClock } from '../support/fake-clock.ts'
import { type SmtpSink, startSmtpSink } from '../support/smtp-sink.ts'
import { until } from '../support/until.ts'

const call = systemCall('test')
const logged: string[] = []
const logger = createLogger({ level: 'info', stream: { write: (line) => void logged.push(line) } })
const keyRing = createKeyRing(new Secret(randomToken()))
const DAY_MS = 24 * 60 * 60 * 1000
const sites = { accounts: 'http://a.test', app: 'http://b.test', files: 'http://c.test', console: 'http://d.test', frontends: {} }
const data = { link: 'http://accounts.localhost/confirm?token=t0k3n', minutes: '30' }
const from = 'Pixel Diary <no-reply@pixel.example>'

describe('Mail', () => {
  let clock: FakeClock
  let database: Running<Database>
  let repository: JobsRepository
  let jobs: Running<Jobs>
  let sink: SmtpSink

  const open = async (smtpUrl?: string): Promise<void> => {
    jobs = jobsServer.create({
      database: database.contract,
      keyRing,
      clock,
      logger,
      definitions: [],
      settings: {
        mail: { from, ...(smtpUrl === undefined ? {} : { smtpUrl: new Secret(smtpUrl) }) },
        productName: 'Pixel Diary',
        sites,
        development: true,
        worker: { pollMs: 5 },
      },
    })
    repository = createJobsRepository(database.contract)
    await database.start()
    await jobs.start()
  }
  const send = (to: string, uniqueKey?: string): Promise<void> =>
    jobs.contract.enqueue(call, {
      name: 'mail.send',
      input: { to, template: 'confirm-address', data },
      ...(uniqueKey === undefined ? {} : { uniqueKey }),
    })
  const jobIn = (state: 'waiting' | 'failed' | 'done') =>
    until(`a job that is ${state}`, async () => (await repository.inState(call, state, 1)).items[0]?.value)

  beforeEach(async () => {
    clock = fakeClock()
    database = createSqliteDatabase({ file: ':memory:', clock, logger })
    sink = await startSmtpSink()
  })
  afterEach(async () => {
    await jobs.stop()
    await database.stop()
    await sink.stop()
  })

  test('goes to the mail server as text and HTML, over one connection', async () => {
    await open(`smtp://127.0.0.1:${sink.port}`)
    await send('ada@example.test')
    // Until it is done, its connection is taken, and the next mail may have another.
    await jobIn('done')
    await send('bob@example.test')
    await until('the second mail', () => sink.mails.length === 2)
    const [mail] = sink.mails
    assert.equal(mail?.from, 'no-reply@pixel.example')
    assert.deepEqual(mail?.to, ['ada@example.test'])
    const source = mail?.source ?? ''
    assert.match(source, /^From: Pixel Diary <no-reply@pixel\.example>\r$/m)
    assert.match(source, /^To: ada@example\.test\r$/m)
    assert.match(source, /^Subject: Confirm your address for Pixel Diary\r$/m)
    assert.match(source, /^Content-Type: multipart\/alternative/m)
    assert.match(source, /^Content-Type: text\/plain/m)
    assert.match(source, /^Content-Type: text\/html/m)
    assert.match(source.replace(/=\r\n/g, ''), /confirm\?token=3Dt0k3n|confirm\?token=t0k3n/)
    assert.equal(sink.connections(), 1)
  })

  test('refuses an address with a line break or a second address, and sends nothing', async () => {
    await open(`smtp://127.0.0.1:${sink.port}`)
    for (const to of ['ada@example.test\r\nBcc: eve@example.test', 'ada@example.test, eve@example.test', 'Eve <eve@example.test>', 'eve']) {
      clock.advance(1)
      await send(to)
      const { id, lastError } = await until('the refusal', async () => {
        const newest = (await repository.inState(call, 'failed', 1)).items[0]?.value
        return newest?.at === clock.now() ? newest : undefined
      })
      assert.match(lastError ?? '', /to: must be one plain address/, id)
    }
    await send('ada@example.test')
    await until('the good one', () => sink.mails.length === 1)
    assert.deepEqual(
      sink.mails.flatMap((mail) => mail.to),
      ['ada@example.test'],
    )
  })

  test('tries again what the server refuses for now, and gives up what it refuses for good', async () => {
    await open(`smtp://127.0.0.1:${sink.port}`)
    sink.refuseNextRecipient('451 4.2.1 come back later')
    await send('ada@example.test')
    assert.match((await jobIn('waiting')).lastError ?? '', /451/)
    clock.advance(2000)
    await jobIn('done')
    assert.equal(sink.mails.length, 1)
    sink.refuseNextRecipient('550 5.1.1 no such person')
    await send('nobody@example.test')
    const failed = await jobIn('failed')
    assert.deepEqual([failed.attempt, /550/.test(failed.lastError ?? '')], [1, true])
    assert.equal(sink.mails.length, 1)
  })

  test('of the server that refuses it, now or for good, the log has no address, and the job has the words', async () => {
    await open(`smtp://127.0.0.1:${sink.port}`)
    const to = "o'hara@example.test"
    for (const [code, state] of [
      ['450', 'waiting'],
      ['550', 'failed'],
    ] as const) {
      logged.length = 0
      sink.refuseNextRecipient(`${code} 5.1.1 <O'Hara@example.test> is full, and so is pat.doe@elsewhere.test`)
      await send(to)
      const stored = await until('the refusal', async () => {
        const job = await jobIn(state)
        return job.lastError !== undefined && job.lastError.includes(code) && job
      })
      assert.match(stored.lastError ?? '', new RegExp(`RCPT TO ${code} .*${code} 5\\.1\\.1 <address> is full, and so is <address>\\)$`))
      const lines = await until('the line in the log', () => {
        const ours = logged.filter((line) => line.includes('"job":"mail.send"'))
        return ours.length > 0 && ours
      })
      assert.match(lines.join(''), new RegExp(`The mail server did not take the mail: RCPT TO ${code}"`))
      assert.doesNotMatch(logged.join(''), /example\.test|elsewhere\.test|hara|pat\.doe|5\.1\.1/i)
      clock.advance(60_000)
      if (state === 'waiting') await jobIn('done')
    }
  })

  test('of a server that is not there the log says what is the matter', async () => {
    await open('smtp://127.0.0.1:1')
    logged.length = 0
    await send('ada@example.test')
    assert.match((await until('the first try', async () => (await jobIn('waiting')).lastError)) ?? '', /ECONNREFUSED/)
    assert.match(logged.join(''), /did not take the mail: connect ECONNREFUSED 127\.0\.0\.1:1/)
    assert.doesNotMatch(logged.join(''), /ada@/)
  })

  const idOf = (source: string | undefined): string => /^Message-ID: <(.*)@pixel\.example>\r$/im.exec(source ?? '')?.[1] ?? 'none'

  test('has an id that stays when it is tried again, and counts nothing', async () => {
    // With the last line lost: the server has the mail, and we do not know.
    await open(`smtp://127.0.0.1:${sink.port}`)
    sink.loseNextMail()
    await send('ada@example.test')
    const { id } = await jobIn('waiting')
    await until('the first copy', async () => (await jobIn('waiting')).lastError !== undefined)
    clock.advance(2000)
    await jobIn('done')
    await send('ada@example.test')
    await until('all three', () => sink.mails.length === 3)
    const [first, again, other] = sink.mails.map(({ source }) => idOf(source))
    assert.match(first ?? '', /^[0-9a-f]{32}$/)
    assert.equal(again, first)
    assert.notEqual(other, first)
    assert.equal(
      sink.mails.some(({ source }) => source.includes(id)),
      false,
    )
  })

  test('is not sent once what it leads to is over, and says so in one line', async () => {
    await open(`smtp://127.0.0.1:${sink.port}`)
    sink.refuseNextRecipient('451 4.2.1 come back later')
    await send('ada@example.test')
    await until('the first try', async () => (await jobIn('waiting')).lastError !== undefined)
    logged.length = 0
    clock.advance(30 * 60_000)
    const { lastError, attempt } = await jobIn('failed')
    assert.deepEqual([attempt, sink.mails.length], [2, 0])
    assert.match(lastError ?? '', /not sent in time/)
    assert.deepEqual(
      logged.filter((line) => line.includes('"job":"mail.send"')).map((line) => /"msg":"([^"]+)"/.exec(line)?.[1]),
      ['job failed for good'],
    )
  })

  test('tells what has happened however late, and invites for as long as the invitation counts', async () => {
    await open(`smtp://127.0.0.1:${sink.port}`)
    const mails = {
      'password-changed': { name: 'Ada', when: 'Tue, 24 Nov 2026 10:05:00 GMT' },
      invitation: { link: 'http://accounts.localhost/sign-up', days: '7' },
    }
    for (const [template, given] of Object.entries(mails)) {
      await jobs.contract.enqueue(call, {
        name: 'mail.send',
        delayMs: 8 * DAY_MS,
        input: { to: 'ada@example.test', template, data: given },
      })
    }
    clock.advance(8 * DAY_MS)
    assert.match((await jobIn('failed')).lastError ?? '', /not sent in time/)
    await jobIn('done')
    assert.match(sink.mails[0]?.source ?? '', /^Subject: .*password/m)
    assert.equal(sink.mails.length, 1)
  })

  test('which the release before has stored in clear is sent', async () => {
    await open(`smtp://127.0.0.1:${sink.port}`)
    const input = { to: 'ada@example.test', template: 'confirm-address', data }
    await repository.insert(call, newJob('event-1', { name: 'mail.send', input }, clock.now()))
    await jobIn('done')
    assert.deepEqual(sink.mails[0]?.to, ['ada@example.test'])
  })

  test('that does not open is dropped at once: of a lost master key, or put in place of another', async () => {
    await open(`smtp://127.0.0.1:${sink.port}`)
    const seal = createJobSeal(createKeyRing(new Secret(randomToken())))
    const request = { name: 'mail.send', input: { to: 'ada@example.test', template: 'confirm-address', data } }
    await repository.insert(call, newJob('lost', seal.request(request, clock.now()), clock.now()))
    const lost = await jobIn('failed')
    assert.deepEqual([lost.id, lost.attempt], ['lost', 1])
    assert.match(lost.lastError ?? '', /master key/)
    assert.equal(sink.connections(), 0)
  })

  test('is not sent in the clear to another machine', async () => {
    // The same socket under a name that does not look like this machine; the sink offers no TLS.
    await open(`smtp://[::ffff:127.0.0.1]:${sink.port}`)
    await send('ada@example.test')
    assert.match((await jobIn('waiting')).lastError ?? '', /TLS/)
    assert.equal(sink.mails.length, 0)
  })

  test('stays in the mailbox in development, newest first, for a day', async () => {
    await open()
    const mailbox = createMailbox(database.contract, clock, from)
    await send('ada@example.test')
    await until('the first mail', async () => (await mailbox.newest(call, 10)).length === 1)
    clock.advance(1000)
    await send('bob@example.test')
    const mails = await until('the second mail', async () => {
      const found = await mailbox.newest(call, 10)
      return found.length === 2 && found
    })
    assert.deepEqual(
      mails.map(({ to, from: sender }) => [to, sender]),
      [
        ['bob@example.test', from],
        ['ada@example.test', from],
      ],
    )
    assert.match(mails[0]?.text ?? '', /token=t0k3n/)
    assert.match(mails[0]?.html ?? '', /token=t0k3n/)
    clock.advance(DAY_MS - 1)
    assert.equal((await mailbox.newest(call, 10)).length, 1)
    clock.advance(1)
    assert.equal((await mailbox.newest(call, 10)).length, 0)
    assert.equal(sink.connections(), 0)
  })

  test('keeps one copy when the job is run again', async () => {
    await open()
    const mailbox = createMailbox(database.contract, clock, from)
    const mail = { key: 'k', to: 'ada@example.test', subject: 's', text: 't', html: 'h' }
    await mailbox.outbox.send(call, mail)
    await mailbox.outbox.send(call, mail)
    assert.equal((await mailbox.newest(call, 10)).length, 1)
  })
})

test('mail without a mail server is refused in production', () => {
  const database = createSqliteDatabase({ file: ':memory:', clock: fakeClock(), logger })
  const settings = { mail: { from }, productName: 'x', sites, development: false }
  assert.throws(
    () => jobsServer.create({ database: database.contract, keyRing, clock: fakeClock(), logger, definitions: [], settings }),
    /SMTP_URL/,
  )
})
