// Wires the files server.
import type { Clock } from '#kernel/clock.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import { defineServer } from '#kernel/lifecycle.ts'
import type { Logger } from '#kernel/log.ts'
import type { Sites } from '#kernel/sites.ts'
import type { Database } from '../database/contract.ts'
import { checkBuckets } from './buckets.ts'
import type { BucketDefinition, Files } from './contract.ts'
import { createDiskStore } from './drivers/disk.ts'
import { createLinkSigner } from './link.ts'
import { accountSubscription } from './owned.ts'
import { createOwnership } from './ownership.ts'
import { createFilesRepository } from './repository.ts'
import { filesRoutes } from './routes.ts'
import { createFilesService } from './service.ts'
import { sweepJob } from './sweep.ts'

export interface FilesDependencies {
  readonly database: Database
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: {
    /** Where the bytes are kept; made when absent. */
    readonly folder: string
    readonly buckets: readonly BucketDefinition[]
    readonly sites: Sites
  }
}

export const filesServer = defineServer<FilesDependencies, Files>({
  name: 'files',
  needs: ['database'],
  create({ database, keyRing, clock, logger, settings }) {
    const problems = checkBuckets(settings.buckets)
    if (problems.length > 0) throw new Error(`The buckets cannot be served:\n${problems.join('\n')}`)
    const repository = createFilesRepository(database)
    const blobs = createDiskStore({ folder: settings.folder, clock })
    const links = createLinkSigner({ keys: keyRing.deriveAll('files.link'), origin: settings.sites.files, clock })
    const buckets = new Map(settings.buckets.map((bucket) => [bucket.name, bucket]))
    const service = createFilesService({ repository, ownership: createOwnership({ repository, buckets }), blobs, links, clock })
    let unsubscribe = (): void => {}
    return {
      contract: service,
      routes: filesRoutes(service, settings.buckets),
      jobs: [sweepJob({ repository, blobs, clock, logger })],
      async start() {
        await blobs.start()
        unsubscribe = database.subscribe(accountSubscription({ repository, blobs }))
      },
      stop: async () => unsubscribe(),
      health: () => blobs.health(),
    }
  },
})
