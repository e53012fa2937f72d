// The data API as pages, jobs and routes call it: each operation by its resource's name.
import type { Logger } from '#kernel/log.ts'
import { bulkAtomic, bulkEach, requireBulkSize } from './bulk/bulk.ts'
import type { Resource } from './compile.ts'
import type { Resources } from './contract.ts'
import { resourceErrors } from './errors.ts'
import { get } from './queries/get.ts'
import { list } from './queries/list.ts'
import type { ResourceParts } from './reading.ts'
import { inboundRelations } from './relations/inbound.ts'
import { createShares } from './sharing/shares.ts'
import { type Answers, createAnswers } from './writing/answers.ts'
import type { WriteParts } from './writing/parts.ts'
import { planCreate, planDelete, planUpdate } from './writing/plan.ts'
import { perform } from './writing/store.ts'
import { shown } from './writing/shown.ts'

export interface ResourceService {
  readonly resources: Resources
  /** Writes with their whole answers, for the routes. */
  readonly answers: Answers
  /** For what writes in its own way, such as imports. */
  readonly parts: WriteParts
}

export function createResourceService(given: ResourceParts & { readonly logger: Logger }): ResourceService {
  const named = (name: string): Resource => {
    const resource = given.resources.get(name)
    if (resource === undefined) throw resourceErrors.not_found({ detail: `There is no resource ${name}.` })
    return resource
  }
  const resources: Resources = {
    list: async (call, name, request) => list(parts, call, { resource: named(name), request }),
    // oxlint-disable-next-line eslint/max-params -- the contract has four: the call, whose, which, and what of it
    get: async (call, name, id, show) => get(parts, call, { resource: named(name), id, show }),
    async create(call, name, input) {
      return shown(parts, call, await perform(parts, call, { plan: planCreate(call, { resource: named(name), input }) }))
    },
    async update(call, name, change) {
      return shown(parts, call, await perform(parts, call, { plan: planUpdate(call, { resource: named(name), ...change }) }))
    },
    async delete(call, name, target) {
      await perform(parts, call, { plan: planDelete(call, { resource: named(name), ...target }) })
    },
    shares: createShares(given, named),
    async bulk(call, name, request) {
      const input = { resource: named(name), request }
      requireBulkSize(request)
      return request.atomic === true ? bulkAtomic(parts, call, input) : bulkEach(parts, call, input)
    },
  }
  const parts: WriteParts = { ...given, inbound: inboundRelations([...given.resources.values()]), service: resources }
  return { resources, answers: createAnswers(parts), parts }
}
