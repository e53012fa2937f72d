// What a route of a resource tells the gateway: it turns away whom no grant could admit; the service decides the rest, the same for pages and jobs.
import type { Rule, StepUp } from '#kernel/http/route.ts'
import { scopesFor } from './access.ts'
import type { Resource } from './compile.ts'
import type { ResourceOperation } from './contract.ts'

export function ruleFor(resource: Resource, operation: ResourceOperation): Rule {
  const open = resource.grants[operation].some((grant) => grant.who === 'anyone')
  const [scope = resource.definition.scopes.read] = scopesFor(resource.definition, operation)
  if (open) return { who: 'anyone' }
  const stepUp = stepUpFor(resource, operation)
  return stepUp === undefined ? { who: 'user', scope } : { who: 'user', scope, stepUp }
}

function stepUpFor({ definition: { stepUp = {} } }: Resource, operation: ResourceOperation): StepUp | undefined {
  const own = stepUp[operation] ?? []
  // The answer to a change shows the object.
  return strictest([own, operation === 'update' ? (stepUp.get ?? []) : []].flat())
}

/** What fulfils each of them. */
export function strictest(stepUps: readonly StepUp[]): StepUp | undefined {
  if (stepUps.length === 0) return undefined
  const ages = stepUps.flatMap(({ maxAgeSeconds }) => maxAgeSeconds ?? [])
  const classes = stepUps.flatMap(({ acr }) => (acr === undefined ? [] : [acr]))
  const [first, ...others] = classes
  return {
    ...(first === undefined ? {} : { acr: first.filter((acr) => others.every((other) => other.includes(acr))) }),
    ...(ages.length === 0 ? {} : { maxAgeSeconds: Math.min(...ages) }),
  }
}
