// The wiring of jobs and mail.
import type { Clock } from '#kernel/clock.ts'
import type { JobDefinition } from '#kernel/job.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import { defineServer, type Running } from '#kernel/lifecycle.ts'
import type { Logger } from '#kernel/log.ts'
import { createJobSeal } from '#kernel/sealed-job.ts'
import type { Secret } from '#kernel/secret.ts'
import type { Sites } from '#kernel/sites.ts'
import type { Database } from '../database/contract.ts'
import type { Jobs, MailStyle } from './contract.ts'
import { jobIntake } from './intake.ts'
import { createMailbox, type Mailbox } from './mail/mailbox.ts'
import type { Outbox } from './mail/outbox.ts'
import { mailboxRoutes } from './mail/routes.ts'
import { mailJob } from './mail/send.ts'
import { createSmtpOutbox } from './mail/smtp.ts'
import { createJobsRepository } from './repository.ts'
import { jobsRoutes } from './routes.ts'
import { createRunner } from './runner.ts'
import { createScheduler } from './schedule.ts'
import { createJobsService } from './service.ts'
import { createTally } from './tally.ts'
import { createWebhooks, type WebhookOptions } from './webhooks/create.ts'
import { createWorker, type WorkerSettings } from './worker.ts'

export interface JobsOptions {
  readonly database: Database
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly logger: Logger
  /** Of all servers and the app; `mail.send` is added here. */
  readonly definitions: readonly JobDefinition[]
  /** What all servers want told; nothing unless given. */
  readonly webhooks?: WebhookOptions
  readonly settings: {
    readonly mail: { readonly from: string; readonly smtpUrl?: Secret }
    readonly productName: string
    readonly mailStyle?: MailStyle
    readonly sites: Sites
    readonly development: boolean
    readonly worker?: Partial<WorkerSettings>
  }
}

const WORKER: WorkerSettings = { concurrency: 4, leaseMs: 30_000, pollMs: 1000, drainMs: 25_000 }

function outboxOf({ settings, database, keyRing, clock }: JobsOptions): { outbox: Outbox; mailbox?: Mailbox } {
  const { from, smtpUrl } = settings.mail
  if (smtpUrl !== undefined) return { outbox: createSmtpOutbox({ from, url: smtpUrl, idKey: keyRing.derive('jobs.message-id') }) }
  if (!settings.development) throw new Error('Mail needs an SMTP server: set NINEFOLD_JOBS_SMTP_URL, or run in development.')
  const mailbox = createMailbox(database, clock, from)
  return { outbox: mailbox.outbox, mailbox }
}

function byName(list: readonly JobDefinition[]): ReadonlyMap<string, JobDefinition> {
  const definitions = new Map(list.map((definition) => [definition.name, definition]))
  if (definitions.size < list.length) {
    const twice = list.find((definition) => definitions.get(definition.name) !== definition)
    throw new Error(`Two jobs are named ${twice?.name ?? ''}.`)
  }
  return definitions
}

export const jobsServer = defineServer<JobsOptions, Jobs>({
  name: 'jobs',
  needs: ['database'],
  create(options): Running<Jobs> {
    const { database, keyRing, clock, logger, settings } = options
    const { productName, mailStyle: style = {} } = settings
    const seal = createJobSeal(keyRing)
    const { outbox, mailbox } = outboxOf(options)
    const repository = createJobsRepository(database)
    const webhooks = createWebhooks({ ...options, jobs: repository, wake: () => worker.wake() })
    const mails = mailJob({ outbox, seal, clock, productName, style })
    const definitions = byName([...options.definitions, mails, ...webhooks.definitions])
    const tally = createTally()
    const random = Math.random
    const worker = createWorker({
      repository,
      runner: createRunner({ repository, definitions, clock, logger, tally, random }),
      scheduler: createScheduler(repository, [...definitions.values()]),
      clock,
      logger,
      random,
      settings: { ...WORKER, ...settings.worker },
    })
    const service = createJobsService({ repository, definitions, tally, seal, clock, wake: () => worker.wake() })
    const subscriptions = [jobIntake(repository, logger, () => worker.wake()), ...webhooks.subscriptions]
    let unsubscribe: (() => void)[] = []
    return {
      contract: { enqueue: (call, request) => service.enqueue(call, request), webhooks: webhooks.service },
      routes: [...jobsRoutes(service), ...(mailbox === undefined ? [] : mailboxRoutes(mailbox))],
      jobs: [],
      async start() {
        unsubscribe = subscriptions.map((subscription) => database.subscribe(subscription))
        worker.start()
      },
      async stop() {
        for (const end of unsubscribe.splice(0)) end()
        await worker.stop()
        outbox.close()
      },
      health: async () => worker.problem(),
    }
  },
})
