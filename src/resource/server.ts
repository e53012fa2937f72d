// Wires the resource server.
import type { Clock } from '#kernel/clock.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import { systemCall } from '#kernel/call.ts'
import { defineServer } from '#kernel/lifecycle.ts'
import type { Logger } from '#kernel/log.ts'
import type { Sites } from '#kernel/sites.ts'
import type { RoleDefinition } from '../auth/organisations/contract.ts'
import type { Database } from '../database/contract.ts'
import type { BucketDefinition, Files } from '../files/contract.ts'
import { appRoutes } from './app-routes.ts'
import { createAttachments } from './attachments.ts'
import { checkResources } from './check.ts'
import { compileResource, type Resource } from './compile.ts'
import type { OwnedObjects, OwnedShares, ResourceDefinition, Resources } from './contract.ts'
import { createCursors } from './cursor.ts'
import { documentRoutes } from './openapi/routes.ts'
import { followWrites } from './follow.ts'
import { createRealtimePart } from './realtime/part.ts'
import { permissionProblems, withRoles } from './permissions.ts'
import { accountSubscription, ownedObjects } from './owned.ts'
import { createResourceRepository } from './repository.ts'
import { resourceRoutes } from './routes.ts'
import { createResourceService } from './service.ts'
import { ownedShares } from './sharing/owned.ts'
import { type ShownSchemas, shownSchemas } from './shown.ts'
import type { OwnedImports, OwnTransfers } from './transfer/contract.ts'
import { createTransferPart, type TransferSettings } from './transfer/part.ts'

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
    /** What each role allows: the `auth.roles` of the app. */
    readonly roles?: Readonly<Record<string, RoleDefinition>> | undefined
    /** Imports and exports; there are none without. */
    readonly transfer?: TransferSettings
  }
}

/** Beside the contract, for commands that import in their own process. */
export interface ResourceServer extends Resources {
  readonly transfers: OwnTransfers | undefined
  /** What people have here. */
  readonly owned: OwnedObjects
  readonly ownedShares: OwnedShares
  /** There are none without transfers. */
  readonly ownedImports: OwnedImports | undefined
}

export const resourceServer = defineServer<ResourceDependencies, ResourceServer>({
  name: 'resource',
  needs: ['database', 'files'],
  create({ database, files, keyRing, clock, logger, settings }) {
    const { buckets, scopes, sites, productName, roles = {} } = settings
    const definitions = settings.resources.map((definition) => withRoles(definition, roles))
    const problems = [
      ...settings.resources.flatMap((definition) => permissionProblems(definition, roles)),
      ...checkResources(definitions, { scopes: Object.keys(scopes), buckets: buckets.map((bucket) => bucket.name) }),
    ]
    if (problems.length > 0) throw new Error(`The resources cannot be served:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    const resources = definitions.map(compileResource)
    const attachments = createAttachments(files)
    const byName = new Map(resources.map((resource) => [resource.name, resource]))
    const repository = createResourceRepository(database, resources)
    const cursors = createCursors(keyRing)
    const service = createResourceService({ resources: byName, repository, attachments, cursors, clock, logger })
    const background = followWrites({ resources: byName, repository, service: service.resources, clock, logger })
    const topics = resources.filter((resource) => resource.files.length > 0).map((resource) => `resource.${resource.name}`)
    const realtime = createRealtimePart({ database, repository, attachments, resources: byName, keyRing, clock, logger })
    const transfer =
      settings.transfer === undefined
        ? undefined
        : createTransferPart({ database, writes: service.parts, keyRing, clock, logger, settings: settings.transfer })
    const shown = new Map(resources.map((resource) => [resource.name, shownSchemas(resource.definition)]))
    const served = [
      ...resources.flatMap((resource) => resourceRoutes(service, resource, shownOf(shown, resource))),
      ...resources.flatMap((resource) => appRoutes(service.resources, resource, clock)),
      ...realtime.routes,
      ...(transfer?.routes ?? []),
    ]
    const stopping: (() => void)[] = []
    return {
      contract: {
        ...service.resources,
        transfers: transfer?.transfers,
        owned: ownedObjects({ resources, repository }),
        ownedShares: ownedShares({ resources, repository }),
        ownedImports: transfer?.owned,
      },
      routes: [...served, ...documentRoutes({ productName, sites, scopes, resources, shown, routes: served, buckets })],
      jobs: [...background.jobs, ...(transfer?.jobs ?? [])],
      start: async () => {
        await transfer?.start()
        if (topics.length > 0) stopping.push(database.subscribe({ consumer: 'resource.files', topics, handle: attachments.handle }))
        stopping.push(
          database.subscribe(
            accountSubscription({ resources, repository }, async (call, accountId) => await transfer?.forget(call, accountId)),
          ),
        )
        stopping.push(...background.subscriptions.map((subscription) => database.subscribe(subscription)))
        // A hook hears of every write that this server answers, the first one included.
        await database.subscribed(systemCall('resource'))
      },
      stop: async () => {
        realtime.stop()
        stopping.splice(0).forEach((end) => end())
      },
      health: async () => undefined,
    }
  },
})

function shownOf(shown: ReadonlyMap<string, ShownSchemas>, { name, definition }: Resource): ShownSchemas {
  return shown.get(name) ?? shownSchemas(definition)
}
