// `ninefold routes`: the inventory that the router, the limits and the authorisation tests read.
import type { CommandLine } from './command-line.ts'
import { load } from './load.ts'

export async function routesCommand(line: CommandLine): Promise<number> {
  const { platform } = await load(line, 'look')
  const inventory = platform.gateway.routes().map((route) => ({
    site: route.site,
    method: route.method,
    path: route.path,
    allow: route.allow,
    rate: route.rate,
    csrf: route.method === 'GET' ? 'not needed' : route.csrfExempt === undefined ? 'required' : `exempt: ${route.csrfExempt}`,
    summary: route.summary,
  }))
  process.stdout.write(`${JSON.stringify(inventory, undefined, 2)}\n`)
  return 0
}
