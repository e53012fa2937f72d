// What a route of a resource tells the gateway: it turns away whom no grant could admit; the service decides the rest, the same for pages and jobs.
import type { Rule } from '#kernel/http/route.ts'
import { scopesFor } from './access.ts'
import type { Resource } from './compile.ts'
import type { ResourceOperation } from './contract.ts'

export function ruleFor(resource: Resource, operation: ResourceOperation): Rule {
  const open = resource.grants[operation].some((grant) => grant.who === 'anyone')
  const [scope = resource.definition.scopes.read] = scopesFor(resource.definition, operation)
  return open ? { who: 'anyone' } : { who: 'user', scope }
}
