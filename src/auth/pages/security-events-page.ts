// What has happened to an account, in words for its owner.
import { type Html, html } from '#kernel/html.ts'
import type { SecurityEventRecord } from '../security-events/schemas.ts'
import type { Texts } from '../texts/en.ts'
import { deskPage, lead, type Skin } from './layout.ts'
import { ago, deviceWords } from './words.ts'

/** Of a session it is the browser, which is kept in English; and roles may be none any more. */
function aboutWords(texts: Texts, { type, about }: SecurityEventRecord): string | undefined {
  if (type === 'session.ended' && about !== undefined) return deviceWords(texts, about)
  return about === '' ? texts.events.noRoles : about
}

function eventRow({ texts }: Skin, event: SecurityEventRecord, now: number): Html {
  const { type, device, at } = event
  const about = aboutWords(texts, event)
  const what = about === undefined ? undefined : html`: <span class="wrap">${about}</span>`
  return html`<li><div class="what"><p><strong>${texts.events.types[type]}</strong>${what}</p>
<p class="soft small">${ago(texts, at, now)}${device === undefined ? undefined : `, ${deviceWords(texts, device)}`}</p></div></li>`
}

export function eventRows(skin: Skin, events: readonly SecurityEventRecord[], now: number): Html {
  if (events.length === 0) return html`<p class="soft">${skin.texts.events.none}</p>`
  return html`<ul class="rows">${events.map((event) => eventRow(skin, event, now))}</ul>`
}

interface EventsView {
  readonly events: readonly SecurityEventRecord[]
  readonly now: number
  readonly keptDays: number
  /** Where older ones are. */
  readonly olderPath?: string | undefined
}

export function securityEventsPage(skin: Skin, { events, now, keptDays, olderPath }: EventsView): Html {
  const { events: texts, frame } = skin.texts
  const older =
    olderPath === undefined ? undefined : html`<div><a class="button quiet compact" href="${olderPath}">${texts.older}</a></div>`
  return deskPage(skin, {
    title: texts.heading,
    top: html`<div class="ways"><a class="button quiet compact" href="/account">${frame.yourAccount}</a></div>`,
    main: html`${lead(texts.heading, texts.lead(keptDays))}
<section class="sheet" aria-label="${texts.heading}">${eventRows(skin, events, now)}${older}</section>`,
  })
}
