// Wires the frontend server: the single-page apps and views of the app definition, and the operators' console.
import { defineServer, idle, type Running } from '#kernel/lifecycle.ts'
import type { Logger } from '#kernel/log.ts'
import type { Sites } from '#kernel/sites.ts'
import type { Auth } from '../auth/contract.ts'
import type { Resources } from '../resource/contract.ts'
import type { FrontendDefinition } from './contract.ts'
import { createSite } from './site.ts'
import { viewRoute } from './views.ts'

export interface FrontendSettings {
  readonly frontends: readonly FrontendDefinition[]
  /** The built console; absent where the operators' app is served elsewhere. */
  readonly console?: { readonly folder: string }
  readonly sites: Sites
}

export interface FrontendDependencies {
  readonly resources: Resources
  readonly auth: Auth
  readonly logger: Logger
  readonly settings: FrontendSettings
}

export const frontendServer = defineServer({
  name: 'frontend',
  needs: ['auth', 'resource'],
  create({ resources, auth, logger, settings }: FrontendDependencies): Running<Record<string, never>> {
    const { frontends, console, sites } = settings
    const apps = frontends.map(({ name, title, folder, mode }) => createSite({ site: `frontend:${name}`, title, folder, mode }, sites))
    if (console !== undefined) apps.push(createSite({ site: 'console', title: 'Console', folder: console.folder, mode: 'none' }, sites))
    const pages = frontends.flatMap(({ name, views = [] }) => views.map((view) => viewRoute(view, `frontend:${name}`, { resources, auth })))
    const stopping = new AbortController()
    let compressing: Promise<void> = Promise.resolve()

    return idle(
      {},
      {
        routes: [...pages, ...apps.flatMap((app) => app.routes)],
        async start() {
          const problems = (await Promise.all(apps.map((app) => app.load()))).filter((problem) => problem !== undefined)
          if (problems.length > 0) throw new Error(problems.join('\n'))
          compressing = (async () => {
            for (const app of apps) await app.compress(stopping.signal)
          })().catch((error: unknown) => logger.error({ err: error }, 'could not compress the built files'))
        },
        async stop() {
          stopping.abort()
          await compressing
        },
      },
    )
  },
})
