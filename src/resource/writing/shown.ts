// What a writer is shown of the object that was written.
import type { Call } from '#kernel/call.ts'
import type { Versioned } from '../contract.ts'
import { show } from '../show.ts'
import type { PlannedWrite, WriteParts } from './parts.ts'

export async function shown(parts: WriteParts, call: Call, { resource, result, permission }: PlannedWrite): Promise<Versioned> {
  return await show(parts, call, { resource, stored: result, permission })
}
