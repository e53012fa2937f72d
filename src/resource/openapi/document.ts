// The OpenAPI 3.1 document of the data API, made from the same definitions and routes that serve it.
import type { HandledRoute, Route } from '#kernel/http/route.ts'
import type { Sites } from '#kernel/sites.ts'
import type { BucketDefinition } from '../../files/contract.ts'
import type { Resource } from '../compile.ts'
import type { ShownSchemas } from '../shown.ts'
import { bucketPaths, FILE } from './files.ts'
import { type Hint, resourceHints } from './hints.ts'
import { operationOf, problemsOf, templateOf } from './operations.ts'
import { HEADERS, PARAMETERS, type Part, PROBLEM, problemComponents, securitySchemes } from './parts.ts'
import { namesOf, resourceSchemas } from './schemas.ts'
import { streamHints } from './streams.ts'

export interface OpenApiInput {
  readonly productName: string
  readonly sites: Sites
  readonly scopes: Readonly<Record<string, string>>
  readonly resources: readonly Resource[]
  /** Of each resource, as its routes use them. */
  readonly shown: ReadonlyMap<string, ShownSchemas>
  /** All of the data API. */
  readonly routes: readonly Route[]
  readonly buckets: readonly BucketDefinition[]
}

const ABOUT = `Objects are JSON. Errors are problem details (RFC 9457) with a stable \`code\`. Every object has a version, told as an \`ETag\`: \
send it in \`If-Match\` and nobody's change is overwritten. Send an \`Idempotency-Key\` with a write and it can be sent again safely.`

export function openApiOf(input: OpenApiInput): Part {
  const { productName, sites, scopes, resources, shown, buckets } = input
  const names = namesOf(resources, shown)
  const routes = input.routes.filter(isDocumented)
  const hints = new Map<string, Hint>([...resources.flatMap(resourceHints), ...resources.flatMap(streamHints)])
  const hintOf = ({ method, path }: HandledRoute): Hint | undefined => hints.get(`${method} ${path}`)
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const path = (paths[templateOf(route.path)] ??= {})
    path[route.method.toLowerCase()] = operationOf({ route, hint: hintOf(route), names })
  }
  const files = buckets.flatMap((bucket) => Object.entries(bucketPaths(bucket)))
  const statuses = [...routes.flatMap((route) => problemsOf(route, hintOf(route))), 404, 409, 411, 413, 415, 422, 507]
  return {
    openapi: '3.1.0',
    info: { title: `${productName} API`, version: '1', description: ABOUT },
    servers: [{ url: sites.app }],
    tags: tagsOf(resources, routes, buckets),
    paths: { ...paths, ...Object.fromEntries(files) },
    components: {
      schemas: {
        Problem: PROBLEM,
        ...(buckets.length > 0 ? { File: FILE } : {}),
        ...Object.assign({}, ...resources.map((resource) => schemasOf(resource, shown))),
      },
      parameters: PARAMETERS,
      headers: HEADERS,
      responses: problemComponents(statuses),
      securitySchemes: securitySchemes(sites, scopes),
    },
  }
}

function schemasOf(resource: Resource, shown: ReadonlyMap<string, ShownSchemas>): Part {
  const schemas = shown.get(resource.name)
  return schemas === undefined ? {} : resourceSchemas(resource, schemas)
}

function isDocumented(route: Route): route is HandledRoute {
  return route.kind === 'handled' && route.site === 'app' && route.path.startsWith('/api/')
}

function tagsOf(resources: readonly Resource[], routes: readonly HandledRoute[], buckets: readonly BucketDefinition[]): readonly Part[] {
  const own = resources.map(({ name }) => ({ name }))
  const others = [...new Set(routes.map(({ path }) => path.split('/')[2] ?? ''))].filter(
    (name) => !resources.some((resource) => resource.name === name),
  )
  return [...own, ...(buckets.length > 0 ? [{ name: 'files' }] : []), ...others.map((name) => ({ name }))]
}
