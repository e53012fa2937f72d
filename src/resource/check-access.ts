// What is wrong with the grants of a definition: who is named, what they cover, and whether lists can be narrowed to what they allow.
import { scalarKindOfValue } from '#kernel/kinds.ts'
import { type Field, OPERATIONS } from './compile.ts'
import type { AccessGrant, GrantHolder, OrganisationHolder, ResourceDefinition } from './contract.ts'
import { holderFields, limitFields } from './queries/limit-fields.ts'

export interface AccessSubject {
  readonly definition: ResourceDefinition
  readonly fields: ReadonlyMap<string, Field>
}

const WORD = /^[a-z0-9][a-z0-9_.-]{0,62}$/

export function checkAccess(subject: AccessSubject): string[] {
  return [
    ...subject.definition.access.flatMap((grant) => checkGrant(subject, grant)),
    ...checkSharing(subject.definition),
    ...checkStepUp(subject.definition),
  ]
}

function checkStepUp({ access, stepUp = {} }: ResourceDefinition): string[] {
  const problems = OPERATIONS.filter(
    (operation) => stepUp[operation] !== undefined && access.some(({ who, may }) => who === 'anyone' && may.includes(operation)),
  ).map((operation) => `what anyone may do (${operation}) cannot need a stronger sign-in.`)
  const isListed = access.some(({ may }) => may.includes('list'))
  // Each shows what the other would hide.
  if (isListed && stepUp.get !== undefined && stepUp.list === undefined)
    problems.push('"stepUp" for "get" needs one for "list", which shows the same.')
  if (stepUp.list !== undefined && stepUp.get === undefined) problems.push('"stepUp" for "list" needs one for "get", which shows the same.')
  const [update, get] = [stepUp.update?.acr, stepUp.get?.acr]
  if (update !== undefined && get !== undefined && !update.some((acr) => get.includes(acr)))
    problems.push('"stepUp" for "update" and for "get" ask for sign-ins that no person can have at once.')
  return problems
}

export function holderName(who: GrantHolder): string {
  if (typeof who === 'string') return who
  if ('organisation' in who) return `the organisation in ${who.organisation}`
  if ('permission' in who) return `the permission ${who.permission}`
  return 'role' in who ? `the role ${who.role}` : `the group in ${who.group}`
}

function checkGrant(subject: AccessSubject, grant: AccessGrant): string[] {
  const said = `the grant for ${holderName(grant.who)} (${grant.may.join(', ')})`
  const problems: string[] = [
    ...checkHolder(subject, grant, said),
    ...checkWhere(subject, grant, said),
    ...checkFields(subject, grant, said),
    ...checkLists(subject, grant, said),
  ]
  if (grant.may.length === 0) problems.push(`${said} allows nothing.`)
  for (const operation of grant.may) if (!OPERATIONS.includes(operation)) problems.push(`${said} names the unknown operation ${operation}.`)
  // The answer to a change shows the object, and whoever changes what they cannot see could find it out by trying.
  if (grant.may.includes('update') && !subject.definition.access.some((other) => showsAll(other, grant))) {
    problems.push(`${said} allows a change of what it does not show; add "get" to it.`)
  }
  return problems
}

function checkHolder({ fields }: AccessSubject, { who, may }: AccessGrant, said: string): string[] {
  if (who === 'anyone' && may.includes('create')) return [`${said}: who creates an object owns it, so "anyone" cannot. Use "user".`]
  if (who === 'shared' && may.includes('create')) return [`${said}: an object that is not there yet is shared with nobody.`]
  if (typeof who === 'string') return []
  const role = 'role' in who ? who.role : undefined
  if (role !== undefined && !WORD.test(role)) return [`${said}: a role is lower-case letters, digits, "_", "." and "-".`]
  return holderFields(who).flatMap((name) => {
    const field = fields.get(name)
    if (field === undefined) return [`${said}: the schema has no field ${name}.`]
    return field.kind === 'string'
      ? []
      : [`${said}: ${name} must be a text field of the schema: it holds the id of the group or organisation.`]
  })
}

function checkWhere({ fields }: AccessSubject, grant: AccessGrant, said: string): string[] {
  return Object.entries(grant.where ?? {}).flatMap(([field, value]) => {
    const known = fields.get(field)
    if (known === undefined) return [`${said} asks for ${field}, which the schema does not have.`]
    return known.kind !== undefined && known.kind === scalarKindOfValue(value)
      ? []
      : [`${said} compares ${field} with a value of another type.`]
  })
}

function checkFields({ definition, fields }: AccessSubject, grant: AccessGrant, said: string): string[] {
  if (grant.fields === undefined) return []
  if (grant.may.includes('delete') && grant.may.length === 1)
    return [`${said}: who deletes an object deletes all of it; leave out "fields".`]
  return grant.fields
    .filter((field) => !fields.has(field) && definition.computed?.[field] === undefined)
    .map((field) => `${said} names the field ${field}, which the schema does not have.`)
}

function checkLists({ definition, fields }: AccessSubject, grant: AccessGrant, said: string): string[] {
  const problems = Object.keys(grant.lists ?? {})
    .filter((field) => field !== 'ownerId' && fields.get(field)?.kind === undefined)
    .map((field) => `${said}: lists names ${field}, which no index can have.`)
  if (grant.lists !== undefined && !grant.may.includes('list')) problems.push(`${said} has "lists" and does not allow "list".`)
  if (!grant.may.includes('list')) return problems
  if (grant.when !== undefined && grant.lists === undefined)
    return [
      ...problems,
      `${said} allows lists on a condition that no index knows; say with "lists: { field: (principal) => value }" what it comes to.`,
    ]
  if (grant.who === 'shared') {
    return grant.where === undefined && grant.when === undefined
      ? problems
      : [...problems, `${said}: the list of what is shared is read by person alone; leave "where" and "when" to a grant without "list".`]
  }
  return [...problems, ...checkIndexed(definition, grant, said)]
}

function checkIndexed({ indexes }: ResourceDefinition, grant: AccessGrant, said: string): string[] {
  const limits = limitFields(grant)
  // The request may give values for the other first fields of the index.
  if (Object.values(indexes).some((index) => limits.every((field) => index.fields.includes(field)))) return []
  const fields = [...limits, 'createdAt'].map((field) => `"${field}"`).join(', ')
  return [`${said} can never be listed: no index has ${limits.join(' + ') || 'any field'}. Add an index with fields: [${fields}].`]
}

/** Whether whoever holds `grant` for an object also holds `other`, and sees by it all that `grant` lets them change. */
function showsAll(other: AccessGrant, grant: AccessGrant): boolean {
  if (!other.may.includes('get') || !includesHolder(other.who, grant.who)) return false
  if (other.when !== undefined && other.when !== grant.when) return false
  if (other.fields !== undefined && grant.fields?.every((field) => other.fields?.includes(field)) !== true) return false
  return Object.entries(other.where ?? {}).every(([field, value]) => grant.where?.[field] === value)
}

function includesHolder(wide: GrantHolder, narrow: GrantHolder): boolean {
  if (wide === 'anyone' || wide === narrow) return true
  if (wide === 'user') return narrow !== 'anyone'
  return typeof wide === 'object' && typeof narrow === 'object' && includesNamed(wide, narrow)
}

type Named = Exclude<GrantHolder, string>

function includesNamed(wide: Named, narrow: Named): boolean {
  if ('organisation' in wide) return 'organisation' in narrow && wide.organisation === narrow.organisation && includesRole(wide, narrow)
  if ('organisation' in narrow) return false
  if ('role' in wide) return 'role' in narrow && wide.role === narrow.role
  return 'group' in wide && 'group' in narrow && wide.group === narrow.group
}

function includesRole(wide: OrganisationHolder, narrow: OrganisationHolder): boolean {
  const [role, other] = [wide, narrow].map((who) => ('role' in who ? who.role : undefined))
  return role === undefined || role === other
}

function checkSharing({ access, share }: ResourceDefinition): string[] {
  const isGranted = access.some(({ who }) => who === 'shared')
  if (share === true && !isGranted)
    return ['objects can be shared and no grant says what that allows. Add { who: "shared", may: ["get", "list"] }.']
  return share !== true && isGranted ? ['a grant is for "shared", and objects cannot be shared. Add share: true.'] : []
}
