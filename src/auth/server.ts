// The wiring of auth: accounts and their pages, and the authorization server that they sign in to.
import { defineServer, type Running } from '#kernel/lifecycle.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Route } from '#kernel/http/route.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import type { Secret } from '#kernel/secret.ts'
import type { Cache } from '../cache/contract.ts'
import type { Database } from '../database/contract.ts'
import type { Auth, AuthDefinition } from './contract.ts'
import { endAccessJob } from './end-access.ts'
import { createCodeGuard } from './guard/codes.ts'
import { createLeavingPart } from './leaving/create.ts'
import type { Owners } from './organisations/owners.ts'
import { admissionRoutes } from './admission/routes.ts'
import { type AccountHelp, operatorAccountRoutes } from './operators/account-routes.ts'
import { createOperators } from './operators/operators.ts'
import { enginePages, problemPages } from './pages/engine-pages.ts'
import { accountPages } from './pages/routes.ts'
import { organisationAppRoutes } from './organisations/app-routes.ts'
import { createPeople, type People } from './people.ts'
import type { FrameSettings } from './pages/skin.ts'
import type { ClientSettings } from './provider/client-rules.ts'
import { createAuthorizationServer } from './provider/create.ts'
import type { Finding } from './finding/contract.ts'
import type { Engine } from './engine.ts'
import { createFinding } from './finding/service.ts'
import { findingRoutes } from './finding/routes.ts'
import { createHooks } from './hooks/hooks.ts'
import { createNewcomers } from './registration/create.ts'
import { createRoles } from './roles/roles.ts'
import { createRevocations } from './revocations/revocations.ts'
import { createAuthService } from './service.ts'
import { REFRESH_FIELDS, SEALED_FIELDS } from './sealed-fields.ts'
import { secondStepReset } from './second-factors/create.ts'
import { losingApp } from './second-factors/losing.ts'
import { totpCollection } from './second-factors/repository.ts'
import { createBeginAnew } from './keys/begin-anew.ts'
import { createResealing } from './keys/reseal.ts'
import { loggedSpeech } from './texts/speech.ts'
import { languageReader } from './texts/language.ts'
import { createLooks } from './theme/looks.ts'
import type { Holding } from './own-data/contract.ts'
import { securityWebhooks } from './webhooks/webhooks.ts'

export interface AuthSettings extends ClientSettings {
  readonly keyRotationDays: number
  /** Where mails can be read in development. */
  readonly mailbox?: string | undefined
  readonly definition?: AuthDefinition | undefined
  /** What the other servers keep of people; asked for when everything is made. */
  holdings?(this: void): readonly Holding[]
  /** See config.ts. */
  readonly upstreamSecrets?: Secret | undefined
  readonly suspicionFactor?: number | undefined
  readonly passwordFilter?: string | undefined
  readonly passwordMemoryKib?: number | undefined
  readonly passwordPasses?: number | undefined
}

export interface AuthDependencies {
  readonly database: Database
  readonly cache: Cache
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: AuthSettings
}

export const authServer = defineServer<AuthDependencies, Auth>({
  name: 'auth',
  needs: ['database', 'cache'],
  create({ settings, ...shared }): Running<Auth> {
    const logger = shared.logger.child({ server: 'auth' })
    const hooks = createHooks(settings.definition?.hooks, { clock: shared.clock, logger, language: settings.definition?.languages?.[0] })
    const dependencies = { ...shared, logger, hooks }
    const revocations = createRevocations(dependencies)
    const people = createPeople({ ...dependencies, revocations, settings })
    const newcomers = createNewcomers({ ...dependencies, settings, definition: settings.definition?.registration })
    const frame = frameOf(settings, logger)
    const { accounts, rules, serviceAccounts, guard } = people
    const codeGuard = createCodeGuard(guard, 'device')
    const known = { accounts, rules, revocations, newcomers, codeGuard, ...standingOf(people), languageOf: languageReader(frame.speech) }
    const server = createAuthorizationServer({ ...dependencies, ...known, looks: enginePages(frame), settings })
    const { engine } = server
    const leaving = createLeavingPart({ ...dependencies, ...leavingSettings(settings), engine, people })
    const made = { ...people, engine, leaving, ownData: leaving.ownData, clock: shared.clock }
    const pages = accountPages({ ...made, settings: { ...frame, mailbox: settings.mailbox } })
    const { jobs: sealing, ...seals } = sealsOf(dependencies, people)
    const administration = newcomers.administration(server)
    const help = helpOf(shared, people, { engine, leftBy: leaving.leftBy })
    const jobs = [endAccessJob({ engine, services: serviceAccounts.services, ...people.byMail }), ...administration.jobs, ...sealing]
    return {
      contract: createAuthService({
        clients: administration.clients,
        ...askedOfPeople(people),
        ...help,
        revocations,
        operators: createOperators({ ...dependencies, revocations }),
        leaving,
        roles: createRoles({ ...dependencies, revocations, known: settings.definition ?? {} }),
        clientOrigins: server.origins.list,
        signingKeys: server.signingKeys,
        ...seals,
        keySet: server.keySet,
        exchange: server.exchange,
        endSessionOf: server.endSessionOf,
      }),
      routes: [
        ...server.routes,
        ...pages,
        ...routesOfPeople(people),
        ...routesOfOperators({ ...leaving, ...help }),
        ...administration.routes,
      ],
      problemPages: problemPages(frame),
      jobs: [...jobs, ...leaving.jobs, ...server.jobs, ...people.organisations.jobs, ...serviceAccounts.jobs, ...people.byMail.jobs],
      webhooks: securityWebhooks(settings.definition?.webhooks ?? [], settings.development, people.securityEvents),
      async start(purpose) {
        await Promise.all([people.start(purpose), server.start()])
        leaving.start()
        server.origins.start()
      },
      async stop() {
        leaving.stop()
        server.origins.stop()
        await Promise.all([people.stop(), server.stop()])
      },
      health: async () => (server.isStarted() ? people.health() : 'the signing keys are not loaded'),
    }
  },
})

function askedOfPeople({ organisations, serviceAccounts, moving, accounts, shared, byMail: { addressOffering } }: People) {
  const desks = { organisations: organisations.desk, serviceAccounts: serviceAccounts.desk }
  return { ...desks, moving, accounts, addressOffering, admission: shared.admission }
}

/** What is done with all that is sealed. */
function sealsOf(dependencies: Omit<AuthDependencies, 'settings'>, people: People) {
  const { database, keyRing, clock } = dependencies
  const losing = { [totpCollection.name]: losingApp({ ...people, accounts: people.shared.repository, clock }) }
  return {
    ...createResealing(dependencies, SEALED_FIELDS),
    beginAnew: createBeginAnew({ database, keyRing, losing }, { all: SEALED_FIELDS, refresh: REFRESH_FIELDS }),
  }
}

/** Beside the pages. */
function routesOfPeople({ shared, organisations }: People): readonly Route[] {
  return [...admissionRoutes(shared.admission), ...organisationAppRoutes(organisations)]
}

/** What operators do for people, and know of them. */
function helpOf(
  shared: Pick<AuthDependencies, 'database' | 'clock'>,
  people: People,
  known: { readonly engine: Engine; readonly leftBy: Owners['leftBy'] },
) {
  return {
    finding: createFinding({ ...shared, ...people, ...known }),
    resetSecondStep: secondStepReset({ ...shared, ...people.shared, ...known }),
    sendPasskeyLink: people.byMail.lostPasskeys.send,
  }
}

function routesOfOperators(parts: AccountHelp & { readonly finding: Finding }): readonly Route[] {
  return [...operatorAccountRoutes(parts), ...findingRoutes(parts.finding)]
}

function leavingSettings({ definition, sites, holdings = () => [] }: AuthSettings) {
  return { definition, origin: sites.accounts, holdings }
}

/** Whom else tokens are told of, which browsers are known, and who comes from elsewhere. */
function standingOf({ serviceAccounts, organisations, upstreams, shared: { devices } }: People) {
  return { services: serviceAccounts.services, organisationStands: organisations.stands, devices, upstreams }
}

function frameOf({ sites, productName, definition }: AuthSettings, logger: Logger): FrameSettings {
  const speech = loggedSpeech(definition, logger)
  const looks = createLooks(definition?.theme, ({ title, error }) => {
    logger.error(
      { event: 'auth.template_failed', page: title, err: error },
      'the page template of the app failed; the built-in page was shown',
    )
  })
  return { productName, home: definition?.home ?? `${sites.app}/`, speech, looks }
}
