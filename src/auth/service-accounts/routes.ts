// Service accounts of an organisation over HTTP, for its owners. A secret is shown in the answer that made it and nowhere else.
import { hasCode } from '#kernel/errors.ts'
import { type Answer, page, type Route, route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import {
  checkedIn,
  common,
  doingLately,
  type Doing,
  doneIn,
  memberId,
  named,
  renamed,
  organisationId,
  posted,
  roleFields,
  show,
} from '../organisations/doing.ts'
import { pathOf } from '../organisations/parts.ts'
import { csrfToken, emptyForm, formText, type PageParts, skinOf } from '../pages/handling.ts'
import { authErrors } from '../errors.ts'
import { LONGEST_KEEP_SECONDS } from '../clients/contract.ts'
import type { CredentialChange } from './contract.ts'
import { renewedWords, secretPage, UNSEEN } from './pages.ts'

const params = z.strictObject({ id: organisationId, service: memberId })

/** How long the secret or key before is good, in seconds. */
const seconds = z.string().regex(/^\d+$/).transform(Number).pipe(z.number().max(LONGEST_KEEP_SECONDS))
/** An empty field says nothing: as a number it would be zero, and end what is deployed. */
const nothing = z.literal('').transform(() => undefined)
const keep = z.union([z.literal(UNSEEN), nothing, seconds]).optional()
const kept = (wanted: z.infer<typeof keep>): CredentialChange => (wanted === UNSEEN ? { unseen: true } : { keepSeconds: wanted })
/** The `credential` that the page showed. A page that was open over an update has none, and is shown anew. */
const replacing = formText
const one = (name: string, summary: string) =>
  ({ ...common, method: 'POST', path: `/account/organisations/:id/services/:service/${name}`, summary, body: 'form' }) as const

export function serviceAccountRoutes(parts: PageParts): Route[] {
  const { services } = parts.serviceAccounts
  const { roles } = parts.organisations.organisations
  const boxes = Object.fromEntries(services.scopes.map((scope) => [`scope-${scope}`, z.literal('on').optional()]))
  const makeForm = z.strictObject({ csrf_token: csrfToken, service: formText, key: formText, ...boxes, ...roleFields(roles) })
  const shown = ({ who, acting }: Doing, made: Parameters<typeof secretPage>[1]['made']): Answer => {
    const skin = skinOf(parts, who.exchange, pathOf(acting.organisationId))
    return page(secretPage(skin, { made, backPath: pathOf(acting.organisationId), tokenEndpoint: `${who.exchange.origin}/token` }))
  }
  return [
    posted(parts, { path: 'services', summary: 'Make a service account', body: makeForm, recent: true }, async (on, { body }) => {
      const { acting, who } = on
      const owner = await services.ownerOf(who.call, acting)
      const scopes = services.scopes.filter((scope) => Object.hasOwn(body, `scope-${scope}`))
      const made = { name: body['service'] ?? '', key: body['key'], roles: checkedIn(roles, body), scopes }
      return shown(on, await named('service', services.create(who.call, owner, made)))
    }),
    route({
      ...one('roles', 'Change what a service account is'),
      input: { params, body: z.strictObject({ csrf_token: csrfToken, ...roleFields(roles) }) },
      handle: doingLately(parts, async ({ who, acting }, input) => {
        const owner = await services.ownerOf(who.call, acting)
        await services.setRoles(who.call, owner, { clientId: input.params.service, roles: checkedIn(roles, input.body) })
        return doneIn(parts, { who, acting }, 'service-roles')
      }),
    }),
    ...secretRoutes(parts, shown),
    ...keyRoutes(parts),
    route({
      ...one('scopes', 'Change what a service account may ask for'),
      input: { params, body: z.strictObject({ csrf_token: csrfToken, ...boxes }) },
      handle: doingLately(parts, async ({ who, acting }, input) => {
        const scopes = services.scopes.filter((scope) => Object.hasOwn(input.body, `scope-${scope}`))
        await services.setScopes(who.call, await services.ownerOf(who.call, acting), { clientId: input.params.service, scopes })
        return doneIn(parts, { who, acting }, 'service-scopes')
      }),
    }),
    route({
      ...one('remove', 'Remove a service account'),
      input: { params, body: emptyForm },
      handle: doingLately(parts, async ({ who, acting }, input) => {
        if (!(await services.remove(who.call, await services.ownerOf(who.call, acting), input.params.service)))
          throw authErrors.service_not_found()
        return doneIn(parts, { who, acting }, 'service-removed')
      }),
    }),
  ]
}

function secretRoutes(parts: PageParts, shown: (on: Doing, made: Parameters<typeof secretPage>[1]['made']) => Answer): Route[] {
  const { services } = parts.serviceAccounts
  const giving = (name: string, summary: string, give: typeof services.renewSecret): Route =>
    route({
      ...one(name, summary),
      input: { params, body: z.strictObject({ csrf_token: csrfToken, keep, replacing }) },
      handle: doingLately(parts, async (on, input) => {
        const { who, acting } = on
        const clientId = input.params.service
        const renewal = { clientId, ...kept(input.body.keep), replacing: input.body.replacing }
        const owner = await services.ownerOf(who.call, acting)
        return unlessOvertaken(parts, { on, input }, async () =>
          shown(on, { service: { clientId }, secret: await give(who.call, owner, renewal) }),
        )
      }),
    })
  return [
    giving('secret', 'Give a service account a new secret', services.renewSecret),
    giving('use-secret', 'Give a service account a secret in place of its key', services.useSecret),
  ]
}

interface Pressed {
  readonly on: Doing
  readonly input: {
    readonly params: { readonly service: string }
    readonly body: { readonly keep?: z.infer<typeof keep>; readonly nextKey?: string }
  }
}

/** Whoever presses twice, or sends a form again whose answer was lost, has replaced what the form was for: another secret would end what is deployed. */
async function unlessOvertaken(parts: PageParts, { on, input }: Pressed, change: () => Promise<Answer>): Promise<Answer> {
  try {
    return await change()
  } catch (error) {
    if (!hasCode(error, 'auth.credential_changed')) throw error
    const { who, acting } = on
    const { organisationId: owner, accountId } = acting
    const all = await parts.serviceAccounts.services.list(who.call, { organisationId: owner })
    const service = all.find(({ clientId }) => clientId === input.params.service)
    if (service === undefined) throw authErrors.service_not_found()
    const { keep: wanted = '', nextKey = '' } = input.body
    const problem = renewedWords(skinOf(parts, who.exchange), service, accountId)
    const state = { problem, form: who.exchange.path, values: { keep: String(wanted), nextKey } }
    return show(parts, on, { failure: { status: 409, headers: {}, state } })
  }
}

function keyRoutes(parts: PageParts): Route[] {
  const { services } = parts.serviceAccounts
  const giving = (name: string, summary: string, give: typeof services.setKey): Route =>
    route({
      ...one(name, summary),
      // The id is sent as well: what is wrong is shown at the form that it came from.
      input: { params, body: z.strictObject({ csrf_token: csrfToken, keep, replacing, nextKey: formText, of: memberId }) },
      handle: doingLately(parts, async (on, input) => {
        const { who, acting } = on
        const { keep: wanted, nextKey: key, replacing: present } = input.body
        const change = { clientId: input.params.service, key, ...kept(wanted), replacing: present }
        const owner = await services.ownerOf(who.call, acting)
        return unlessOvertaken(parts, { on, input }, async () => {
          await renamed(['key', 'nextKey'], give(who.call, owner, change))
          return doneIn(parts, { who, acting }, 'service-key')
        })
      }),
    })
  return [
    giving('key', 'Give a service account another public key', services.setKey),
    giving('use-key', 'Give a service account a public key in place of its secret', services.useKey),
    route({
      ...one('end-earlier', 'End the secret or key that a service account had before'),
      input: { params, body: emptyForm },
      handle: doingLately(parts, async ({ who, acting }, input) => {
        await services.endEarlier(who.call, await services.ownerOf(who.call, acting), input.params.service)
        return doneIn(parts, { who, acting }, 'service-earlier')
      }),
    }),
  ]
}
