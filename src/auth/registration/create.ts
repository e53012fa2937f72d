// Puts together what is known of clients that are not in the app definition: stored ones, those that register themselves, and documents.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Route } from '#kernel/http/route.ts'
import type { JobDefinition } from '#kernel/job.ts'
import type { Logger } from '#kernel/log.ts'
import type { Cache } from '../../cache/contract.ts'
import type { Database } from '../../database/contract.ts'
import { createCounts } from '../accounts/counts.ts'
import { type ClientDocuments, createClientDocuments } from '../client-documents/documents.ts'
import { type ClientsRepository, createClientsRepository } from '../clients/repository.ts'
import { type EndClient, endClientJob, endingAtOnce, endingPlaces } from '../clients/end-client.ts'
import { forgetClientsJob } from '../clients/forgetting.ts'
import { clientRoutes } from '../clients/routes.ts'
import { createClients } from '../clients/service.ts'
import type { Clients, RegistrationDefinition } from '../clients/contract.ts'
import type { ClientSettings } from '../provider/client-rules.ts'
import { createInvitations } from './invitations.ts'
import { registrationRoutes } from './routes.ts'
import { createRegistration, createUse } from './service.ts'

/** What the authorization server is asked for. */
export interface Administered {
  readonly clients: { fixed(): readonly { readonly clientId: string }[] }
  readonly endClient: EndClient
}

export interface Newcomers {
  readonly repository: ClientsRepository
  readonly documents: ClientDocuments
  readonly definition: RegistrationDefinition
  /** Told of every client that got a token. */
  used(this: void, call: Call, clientId: string): Promise<void>
  /** What operators do with clients, beside those that the app itself has, and what clients do with themselves. */
  administration(server: Administered): {
    readonly clients: Clients
    readonly routes: readonly Route[]
    readonly jobs: readonly JobDefinition[]
  }
}

export interface NewcomersParts {
  readonly database: Database
  readonly cache: Cache
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: ClientSettings
  readonly definition: RegistrationDefinition | undefined
}

/** Make it before the database starts, since it declares its collections. */
export function createNewcomers(parts: NewcomersParts): Newcomers {
  const { database, cache, clock, logger, settings } = parts
  const definition = parts.definition ?? {}
  const repository = createClientsRepository(database)
  const invitations = createInvitations(parts)
  const counts = createCounts(cache, clock)
  const documents = createClientDocuments({ ...parts, definition, repository, counts })
  return {
    repository,
    definition,
    documents,
    used: createUse({ repository, clock, definition }),
    administration(server) {
      const fixed = server.clients.fixed()
      const isFixed = (clientId: string): boolean => fixed.some((client) => client.clientId === clientId)
      const endClient = endingPlaces(server.endClient, repository)
      const end = endingAtOnce(endClient, logger)
      const isInviting = definition.dynamic !== undefined
      const clients = createClients({ repository, invitations, clock, settings, isFixed, isInviting, isDocument: documents.isOne, end })
      const registration = createRegistration({ ...parts, definition, repository, invitations, counts, end })
      return {
        clients,
        routes: [...clientRoutes(clients), ...(definition.dynamic === undefined ? [] : registrationRoutes(registration))],
        jobs: [endClientJob(endClient), forgetClientsJob({ repository, clock })],
      }
    },
  }
}
