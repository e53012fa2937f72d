// JSON Merge Patch (RFC 7396), with one addition: a member whose schema takes null keeps it as a value, since there null says something else than absence.
import { type Schema, z } from '#kernel/schema.ts'

interface Member {
  /** `null` is a value of its own. */
  readonly nullable: boolean
  /** Present for objects with known members. */
  readonly members: MergePlan | undefined
}

/** What a merge must know of the members of an object. */
export type MergePlan = ReadonlyMap<string, Member>

export function mergePlanOf(schema: z.ZodObject): MergePlan {
  return planOf(schema, new Map())
}

// A schema may contain itself.
function planOf(schema: z.ZodObject, known: Map<z.ZodObject, MergePlan>): MergePlan {
  const already = known.get(schema)
  if (already !== undefined) return already
  const plan = new Map<string, Member>()
  known.set(schema, plan)
  const shape: Readonly<Record<string, Schema>> = schema.shape
  for (const [name, field] of Object.entries(shape)) {
    const inner = unwrapped(field)
    const members = inner instanceof z.ZodObject ? planOf(inner, known) : undefined
    plan.set(name, { nullable: field.safeParse(null).success, members })
  }
  return plan
}

/** Without what `.optional()`, `.nullable()`, `.default()` and the like put around it. */
function unwrapped(schema: unknown): unknown {
  let current = schema
  while (current instanceof z.ZodType && 'innerType' in current.def) current = current.def.innerType
  return current
}

/** The target with the patch merged in. Neither is changed. */
export function mergePatch(plan: MergePlan | undefined, target: unknown, patch: unknown): unknown {
  if (!isPlainObject(patch)) return patch
  const merged = new Map(isPlainObject(target) ? Object.entries(target) : [])
  for (const [name, value] of Object.entries(patch)) {
    const member = plan?.get(name)
    if (value === null && member?.nullable !== true) merged.delete(name)
    else merged.set(name, mergePatch(member?.members, merged.get(name), value))
  }
  return Object.fromEntries(merged)
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
