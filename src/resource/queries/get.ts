// One object, as it is shown to the caller.
import type { Call } from '#kernel/call.ts'
import type { Resource } from '../compile.ts'
import type { ShowRequest, Versioned } from '../contract.ts'
import { branchesOf, expandAll } from '../expand/expand.ts'
import { findShown, type ResourceParts } from '../reading.ts'
import { show } from '../show.ts'
import { checkShowRequest } from './parse.ts'

const WHOLE: ShowRequest = {}

export async function get(
  parts: ResourceParts,
  call: Call,
  { resource, id, show: asked = WHOLE }: { readonly resource: Resource; readonly id: string; readonly show?: ShowRequest | undefined },
): Promise<Versioned> {
  if (asked === WHOLE) {
    const found = await findShown(parts, call, { resource, id })
    return show(parts, call, { resource, stored: found, permission: found.permission })
  }
  const { pick, expand } = checkShowRequest(resource, asked)
  const found = await findShown(parts, call, { resource, id })
  const branches = branchesOf(parts, call, { resource, tree: expand })
  const versioned = await show(parts, call, { resource, stored: found, permission: found.permission, pick })
  const shown = { object: versioned.object, document: found.value, permission: found.permission }
  const [object = versioned.object] = await expandAll(parts, call, { shown: [shown], branches })
  return branches.length === 0 ? versioned : { ...versioned, object }
}
