// What has happened to an account, in words for its owner.
import { type Html, html } from '#kernel/html.ts'
import type { SecurityEventRecord } from '../security-events/schemas.ts'
import type { SecurityEventType } from '../security-events/security-event.ts'
import { deskPage, lead, type Skin } from './layout.ts'
import { ago } from './time-words.ts'

const WORDS: Readonly<Record<SecurityEventType, string>> = {
  'account.created': 'Your account was made',
  'account.renamed': 'Your name was changed',
  'account.suspended': 'Your account was blocked by an operator',
  'account.deletion_requested': 'The end of your account was asked for',
  'account.deletion_cancelled': 'Your account stays: its end was called off',
  'account.deleted': 'Your account was deleted',
  'account.data_downloaded': 'Your data were downloaded',
  'account.imported': 'Your account was brought here from another system',
  'email.changed': 'Your address was changed',
  'password.changed': 'Your password was changed',
  'password.reset': 'Your password was set anew by mail',
  'sign_in.succeeded': 'Signed in',
  'sign_in.failed': 'Somebody could not sign in',
  'session.ended': 'Signed out',
  'passkey.added': 'A passkey was added',
  'passkey.removed': 'A passkey was removed',
  'passkey.copy_suspected': 'A passkey was refused: another device seems to hold a copy of it',
  'totp.enabled': 'An authenticator app was added',
  'totp.disabled': 'The authenticator app was removed',
  'recovery_codes.created': 'New recovery codes were made',
  'recovery_codes.used': 'A recovery code was used',
  'identity.linked': 'A way to sign in was linked',
  'identity.unlinked': 'A way to sign in was unlinked',
  'app.allowed': 'An app was let in',
  'app.revoked': 'The access of an app was ended',
  'refresh.reuse_in_grace': 'An app renewed its access twice',
  'refresh.reuse_detected': 'A used token of an app came again, and its access was ended',
  'roles.changed': 'An operator changed what you may do',
  'operator.link_created': 'An operator made a link to the console',
  'client.added': 'An app was registered',
  'client.changed': 'The registration of an app was changed',
  'client.secret_rotated': 'An app got a new secret',
  'client.removed': 'An app was removed',
  'signing_key.made': 'A signing key was made',
  'signing_key.revoked': 'A signing key was revoked',
}

function eventRow({ type, about, device, at }: SecurityEventRecord, now: number): Html {
  const what = about === undefined ? undefined : html`: <span class="wrap">${about}</span>`
  return html`<li><div class="what"><p><strong>${WORDS[type]}</strong>${what}</p>
<p class="soft small">${ago(at, now)}${device === undefined ? undefined : `, ${device}`}</p></div></li>`
}

export function eventRows(events: readonly SecurityEventRecord[], now: number): Html {
  if (events.length === 0) return html`<p class="soft">Nothing yet.</p>`
  return html`<ul class="rows">${events.map((event) => eventRow(event, now))}</ul>`
}

interface EventsView {
  readonly events: readonly SecurityEventRecord[]
  readonly now: number
  readonly keptDays: number
  /** Where older ones are. */
  readonly olderPath?: string | undefined
}

export function securityEventsPage(skin: Skin, { events, now, keptDays, olderPath }: EventsView): Html {
  const older = olderPath === undefined ? undefined : html`<div><a class="button quiet compact" href="${olderPath}">Older</a></div>`
  return deskPage(skin, {
    title: 'What has happened',
    top: html`<div class="ways"><a class="button quiet compact" href="/account">Your account</a></div>`,
    main: html`${lead('What has happened', `Everything of the last ${keptDays} days that matters for the safety of your account.`)}
<section class="sheet" aria-label="What has happened">${eventRows(events, now)}${older}</section>`,
  })
}
