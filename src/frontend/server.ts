// Wires the frontend server: the single-page apps and views of the app definition, and the operators' console.
import { defineServer, idle, type Running } from '#kernel/lifecycle.ts'
import type { Logger } from '#kernel/log.ts'
import type { Sites } from '#kernel/sites.ts'
import type { Auth } from '../auth/contract.ts'
import type { Resources } from '../resource/contract.ts'
import { createCompressor } from './compression.ts'
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
    const compressor = createCompressor((error) => logger.error({ err: error }, 'could not compress a built file'))
    const apps = frontends.map(({ name, title, folder, mode }) =>
      createSite({ site: `frontend:${name}`, title, folder, mode, compressor }, sites),
    )
    if (console !== undefined) {
      apps.push(createSite({ site: 'console', title: 'Console', folder: console.folder, mode: 'none', compressor }, sites))
    }
    const pages = frontends.flatMap(({ name, views = [] }) => views.map((view) => viewRoute(view, `frontend:${name}`, { resources, auth })))

    return idle(
      {},
      {
        routes: [...pages, ...apps.flatMap((app) => app.routes)],
        async start() {
          const problems = (await Promise.all(apps.map((app) => app.load()))).filter((problem) => problem !== undefined)
          if (problems.length > 0) throw new Error(problems.join('\n'))
        },
        stop: () => compressor.stop(),
      },
    )
  },
})
