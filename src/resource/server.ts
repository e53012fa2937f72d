// Wires the resource server.
import type { Clock } from '#kernel/clock.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import { defineServer } from '#kernel/lifecycle.ts'
import type { Logger } from '#kernel/log.ts'
import type { Sites } from '#kernel/sites.ts'
import type { Database } from '../database/contract.ts'
import type { BucketDefinition, Files } from '../files/contract.ts'
import { createAttachments } from './attachments.ts'
import { checkResources } from './check.ts'
import { compileResource } from './compile.ts'
import type { ResourceDefinition, Resources } from './contract.ts'
import { createCursors } from './cursor.ts'
import { openApiOf } from './openapi.ts'
import { openApiRoute } from './openapi-route.ts'
import { createResourceRepository } from './repository.ts'
import { resourceRoutes } from './routes.ts'
import { createResourceService } from './service.ts'
import { shownSchemas } from './shown.ts'

export interface ResourceDependencies {
  readonly database: Database
  readonly files: Files
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: {
    readonly resources: readonly ResourceDefinition[]
    readonly buckets: readonly BucketDefinition[]
    readonly sites: Sites
    readonly productName: string
    /** Each scope of the app, in plain words. */
    readonly scopes: Readonly<Record<string, string>>
  }
}

export const resourceServer = defineServer<ResourceDependencies, Resources>({
  name: 'resource',
  needs: ['database', 'files'],
  create({ database, files, keyRing, clock, settings }) {
    const { buckets, scopes, sites, productName } = settings
    const problems = checkResources(settings.resources, { scopes: Object.keys(scopes), buckets: buckets.map((bucket) => bucket.name) })
    if (problems.length > 0) throw new Error(`The resources cannot be served:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    const resources = settings.resources.map(compileResource)
    const attachments = createAttachments(files)
    const service = createResourceService({
      resources: new Map(resources.map((resource) => [resource.name, resource])),
      repository: createResourceRepository(database, resources),
      attachments,
      cursors: createCursors(keyRing.derive('resource.cursor')),
      clock,
    })
    const topics = resources.filter((resource) => resource.files.length > 0).map((resource) => `resource.${resource.name}`)
    let unsubscribe = (): void => {}
    return {
      contract: service,
      routes: [
        ...resources.flatMap((resource) => resourceRoutes(service, resource, shownSchemas(resource.definition))),
        openApiRoute(openApiOf({ productName, sites, scopes, resources, buckets })),
      ],
      jobs: [],
      start: async () => {
        if (topics.length > 0) unsubscribe = database.subscribe({ consumer: 'resource.files', topics, handle: attachments.handle })
      },
      stop: async () => unsubscribe(),
      health: async () => undefined,
    }
  },
})
