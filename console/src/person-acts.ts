// What can be done for somebody, or to them, and what is said about it.
import { api, type Organisation } from './api.ts'
import { moment, named } from './format.ts'

/** In a sentence of its own, after what was done. */
function ownerless(left: readonly Organisation[] | undefined, told: string): string {
  return left === undefined ? '' : ` No owner is left for ${left.map(named).join(', ')}: ${told}`
}

const NAME_ANOTHER = 'name another with ninefold organisations set.'

export const ACTS = {
  async block(email: string) {
    const { withoutOwner } = await api.block(email)
    return `${email} is blocked. Every session and token of theirs has ended.${ownerless(withoutOwner, `members are not told, so ${NAME_ANOTHER}`)}`
  },
  async unblock(email: string) {
    await api.unblock(email)
    return `${email} can sign in again. What was open before stays ended.`
  },
  async signOut(email: string) {
    await api.signOutEverywhere(email)
    return `${email} is signed out everywhere, and can sign in again.`
  },
  async reset(email: string) {
    const { secondStepReset } = await api.resetSecondStep(email)
    return secondStepReset
      ? `${email} signs in with one step now. Every session has ended, and a mail tells of it.`
      : `${email} has no second step.`
  },
  async link(email: string) {
    const { passkeyLinkSent } = await api.sendPasskeyLink(email)
    return passkeyLinkSent
      ? `${email} has a mail with a link for a new passkey, which works once, within 15 minutes.`
      : `${email} is blocked, or can sign in without a passkey. No mail was sent.`
  },
  async delete(email: string) {
    const { deletionAt, mailSent, withoutOwner } = await api.deleteLater(email)
    const told = mailSent ? 'A mail tells of it.' : 'That was asked for before, and no other mail tells of it.'
    return `${email} is signed out, and will be deleted on ${moment(deletionAt)}. ${told}${ownerless(withoutOwner, `members are told then, unless you ${NAME_ANOTHER}`)}`
  },
  async deleteNow(email: string, confirm: string) {
    const { withoutOwner } = await api.deleteNow(email, confirm)
    return `${email} is deleted, with everything that was kept of them.${ownerless(withoutOwner, `members are told, and you can ${NAME_ANOTHER}`)}`
  },
  async keep(email: string) {
    const { kept } = await api.keep(email)
    return kept ? `${email} stays. A mail tells of it.` : `Nobody had asked for the end of ${email}.`
  },
} as const

export type Act = keyof typeof ACTS

export const ASKED = {
  block: 'Yes, block',
  signOut: 'Yes, sign out everywhere',
  reset: 'Yes, take the second step from',
  link: 'Yes, mail a link to',
  delete: 'Yes, delete after the days of grace',
  deleteNow: 'Yes, delete for good',
} as const

export type Asked = keyof typeof ASKED

/** Beside blocking, which comes first. */
export const FURTHER = [
  { what: 'signOut', words: 'Sign out everywhere' },
  { what: 'reset', words: 'Lost second step' },
  { what: 'link', words: 'Lost passkey' },
  { what: 'delete', words: 'Delete' },
  { what: 'deleteNow', words: 'Delete at once' },
] as const
