// What people see of organisations: the section of the account page, the page of one, and an invitation.
import { type Html, html } from '#kernel/html.ts'
import type { FormState, SectionView } from '../pages/parts.ts'
import { csrfField, deskPage, field, lead, message, type Skin, stagePage } from '../pages/layout.ts'
import { isWrong, titleOf } from '../pages/sign-in-page.ts'
import { ago, dayWords } from '../pages/words.ts'
import { OWNER } from '../roles/permissions.ts'
import { servicesPart } from '../service-accounts/pages.ts'
import type { ServiceAccountView } from '../service-accounts/contract.ts'
import type { MembershipView, MemberView } from './contract.ts'
import type { InvitationView, PendingInvitation } from './invitations.ts'
import { confirmWay } from '../pages/confirm-way.ts'
import { button, checkedBoxes, pathOf, roleBoxes, roleWords } from './parts.ts'

export function organisationsSection(list: readonly MembershipView[], mayCreate: boolean, { skin, csrfToken, state }: SectionView): Html {
  const { organisations: texts } = skin.texts
  const rows = list.map(({ organisation: { id, name }, roles, active }) => {
    const acts = active ? html`<span class="tag">${texts.active}</span>` : undefined
    const activate = active
      ? undefined
      : button(csrfToken, `${pathOf(id)}/activate`, { words: texts.activate, label: texts.activateNamed(name) })
    return html`<li><div class="what"><p><a class="wrap" href="${pathOf(id)}"><strong>${name}</strong></a>${acts}</p><p class="soft small">${roleWords(skin, roles)}</p></div>${activate}</li>`
  })
  const create = html`<form class="inline" method="post" action="/account/organisations">${csrfField(csrfToken)}
${field({ name: 'organisation', label: texts.newName, type: 'text', autocomplete: 'organization', value: state.values?.['organisation'] ?? '', problem: state.problems?.['organisation'], focus: state.problems?.['organisation'] !== undefined, maxLength: 80 })}
<button class="button quiet" type="submit">${texts.create}</button></form>`
  return html`<p class="soft">${list.length === 0 ? texts.none : texts.lead}</p>${list.length === 0 ? undefined : html`<ul class="rows">${rows}</ul>`}${mayCreate ? create : undefined}`
}

export interface OrganisationPageView {
  readonly membership: MembershipView
  readonly accountId: string
  readonly members: readonly MemberView[]
  /** The next page of members. */
  readonly morePath?: string | undefined
  /** For owners. */
  readonly invitations: readonly InvitationView[]
  /** The next page of them. */
  readonly moreInvitationsPath?: string | undefined
  readonly services: readonly ServiceAccountView[]
  /** All that a service account can be given. */
  readonly scopes: readonly string[]
  readonly scopeWords: Readonly<Record<string, string>>
  /** All that can be given. */
  readonly roles: readonly string[]
  /** Where an owner signs in before the forms of this section, unless that was just now. */
  signInFirst(this: void, section: string): string | undefined
  readonly csrfToken: string
  readonly now: number
  readonly done?: string | undefined
  readonly state: FormState
}

export function organisationPage(skin: Skin, view: OrganisationPageView): Html {
  const { organisations: texts, frame } = skin.texts
  const { membership, csrfToken, state, done } = view
  const { organisation, roles } = membership
  const owns = roles.includes(OWNER)
  const sections = [
    section('members', texts.members, membersPart(skin, view)),
    ...(owns ? ownersParts(skin, view) : []),
    section('leave', texts.leaveHeading, leavePart(skin, view)),
    ...(owns ? [section('end', texts.end.heading, endPart(skin, organisation.id))] : []),
  ]
  return deskPage(skin, {
    title: titleOf(skin, organisation.name, state),
    top: html`<div class="ways"><a class="button quiet compact" href="/account#organisations">${frame.yourAccount}</a></div>`,
    main: html`<h1 class="wrap">${organisation.name}</h1><p class="soft">${texts.youAre(roleWords(skin, roles))}${membership.active ? html` <span class="tag">${texts.active}</span>` : undefined}</p>
${message('bad', state.problem ?? (isWrong(state) ? frame.lookAtField : undefined))}${message('good', done)}
${membership.active ? undefined : button(csrfToken, `${pathOf(organisation.id)}/activate`, { words: texts.activate })}
${sections}`,
  })
}

function section(id: string, heading: string, body: Html): Html {
  return html`<section class="sheet" id="${id}" aria-labelledby="${id}-heading"><h2 id="${id}-heading">${heading}</h2>${body}</section>`
}

function membersPart(
  skin: Skin,
  { membership, accountId, members, morePath, roles, csrfToken, now, state, signInFirst }: OrganisationPageView,
): Html {
  const { organisations: texts } = skin.texts
  const path = pathOf(membership.organisation.id)
  const owns = membership.roles.includes(OWNER)
  const first = owns ? signInFirst('members') : undefined
  const rows = members.map((member) => {
    const self = member.accountId === accountId ? html`<span class="tag">${texts.you}</span>` : undefined
    const what = html`<div class="what"><p><strong class="wrap">${member.name}</strong>${self}</p><p class="soft small wrap">${member.email}</p><p class="soft small">${roleWords(skin, member.roles)}, ${texts.since(ago(skin.texts, member.joinedAt, now))}</p></div>`
    if (!owns) return html`<li>${what}</li>`
    const action = `${path}/members/${member.accountId}/roles`
    const held = checkedBoxes(state, { action, kind: 'role', held: member.roles })
    const manage =
      first === undefined
        ? html`<form class="form" method="post" action="${action}" aria-label="${texts.rolesOf(member.name)}">${csrfField(csrfToken)}${roleBoxes(skin, { roles, held, id: `of-${member.accountId}` })}<div><button class="button quiet compact" type="submit">${texts.saveRoles}</button></div></form>`
        : undefined
    const remove =
      member.accountId === accountId
        ? undefined
        : button(csrfToken, `${path}/members/${member.accountId}/remove`, {
            words: texts.remove,
            label: texts.removeNamed(member.name),
            danger: true,
          })
    return html`<li>${what}${manage}${remove}</li>`
  })
  return html`${confirmWay(skin, first)}<ul class="rows">${rows}</ul>${more(morePath, texts.more)}`
}

function more(path: string | undefined, words: string): Html | undefined {
  return path === undefined ? undefined : html`<div><a class="button quiet compact" href="${path}">${words}</a></div>`
}

function ownersParts(skin: Skin, view: OrganisationPageView): Html[] {
  const { membership, invitations, moreInvitationsPath, roles, csrfToken, now, state, signInFirst } = view
  const { organisations: texts, fields } = skin.texts
  const path = pathOf(membership.organisation.id)
  const rows = invitations.map(({ id, email, roles: given, sentAt, isBacked }) => {
    const resend = button(csrfToken, `${path}/invitations/${id}/resend`, { words: texts.resend, label: texts.resendTo(email) })
    const revoke = button(csrfToken, `${path}/invitations/${id}/revoke`, {
      words: texts.revoke,
      label: texts.revokeFor(email),
      danger: true,
    })
    return html`<li><div class="what"><p><strong class="wrap">${email}</strong></p><p class="soft small">${roleWords(skin, given)}, ${texts.sent(ago(skin.texts, sentAt, now))}</p>${isBacked ? undefined : html`<p class="small">${texts.unbacked}</p>`}</div>${resend}${revoke}</li>`
  })
  const { problems = {}, values = {} } = state
  const first = signInFirst('invitations')
  const form = html`<form class="form" method="post" action="${path}/invitations">${csrfField(csrfToken)}
${field({ name: 'email', label: fields.email, type: 'email', autocomplete: 'off', value: values['email'] ?? '', problem: problems['email'], focus: problems['email'] !== undefined })}
${roleBoxes(skin, { roles, held: checkedBoxes(state, { action: `${path}/invitations`, kind: 'role' }), id: 'invited' })}
<div><button class="button quiet" type="submit">${texts.invite}</button></div></form>`
  const inviting = html`${rows.length === 0 ? undefined : html`<ul class="rows">${rows}</ul>`}${more(moreInvitationsPath, texts.moreInvitations)}
${first === undefined ? form : confirmWay(skin, first)}`
  const naming = html`<form class="inline" method="post" action="${path}/name">${csrfField(csrfToken)}
${field({ name: 'name', label: texts.name, type: 'text', autocomplete: 'organization', value: values['name'] ?? membership.organisation.name, problem: problems['name'], focus: problems['name'] !== undefined, maxLength: 80 })}
<button class="button quiet" type="submit">${texts.saveName}</button></form>`
  const services = servicesPart(skin, { ...view, organisationId: membership.organisation.id, first: signInFirst('services') })
  return [
    section('invitations', texts.invitations, inviting),
    section('services', texts.services, services),
    section('naming', texts.nameHeading, naming),
  ]
}

function leavePart({ texts: { organisations: texts } }: Skin, { membership, csrfToken }: OrganisationPageView): Html {
  return html`<p class="soft">${texts.leaveWords}</p>${button(csrfToken, `${pathOf(membership.organisation.id)}/leave`, { words: texts.leave, danger: true })}`
}

function endPart({ texts: { organisations: texts } }: Skin, id: string): Html {
  return html`<p class="soft">${texts.end.words}</p><div><a class="button danger compact" href="${pathOf(id)}/end">${texts.end.look}</a></div>`
}

export interface InvitationPageView {
  readonly invitation: PendingInvitation
  readonly token: string
  readonly csrfToken: string
  /** Who is signed in here. */
  readonly email: string | undefined
  readonly signInPath: string
  /** Whether an account can be made with that address. */
  readonly mayJoin: boolean
}

export function invitationPage(skin: Skin, { invitation, token, csrfToken, email, signInPath, mayJoin }: InvitationPageView): Html {
  const { organisations: texts } = skin.texts
  const { organisation, invitedBy, email: invited, expiresAt } = invitation
  const address = html`<strong class="wrap">${invited}</strong>`
  const accept = html`<form class="form" method="post" action="/invitation">${csrfField(csrfToken)}<input type="hidden" name="token" value="${token}">
<div class="buttons"><button class="button" type="submit">${texts.accept}</button><a class="button quiet" href="/account">${texts.notNow}</a></div></form>`
  const first = html`<p>${email === undefined ? texts.signInFirst(address, mayJoin) : texts.otherAddress(address, html`<strong class="wrap">${email}</strong>`)}</p>
<div class="buttons"><a class="button" href="${signInPath}">${email === undefined ? (mayJoin ? texts.signInOrUp : texts.signIn) : texts.signInOther}</a></div>`
  return stagePage(skin, {
    title: texts.joinTitle(organisation),
    main: html`${lead(texts.joinTitle(organisation), texts.invitedBy(invitedBy, skin.productName))}
${email === invited ? accept : first}
<p class="aside soft">${texts.until(dayWords(skin.texts, expiresAt))}</p>`,
  })
}
