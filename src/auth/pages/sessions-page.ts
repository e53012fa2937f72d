// Where somebody is signed in: the section of the account page, and the pages of all others.
import { type Html, html } from '#kernel/html.ts'
import type { BrowserSession } from '../engine.ts'
import { csrfField, deskPage, lead, message, type Skin } from './layout.ts'
import type { AccountSection, PageParts, SectionView } from './parts.ts'
import { ago, deviceWords } from './words.ts'

/** On the account page, beside this one. */
const SHOWN = 10
/** A use is noted after some minutes (see provider/session-limits.ts), and tokens are renewed as seldom: nobody is told that a session rests which is in use. */
const USED_LATELY_MS = 15 * 60_000

type RowView = Pick<SectionView, 'skin' | 'csrfToken' | 'now'>

function sessionRow(session: BrowserSession, current: boolean, { skin, csrfToken, now }: RowView): Html {
  const { sessions: texts } = skin.texts
  const device = deviceWords(skin.texts, session.device)
  const signedIn = ago(skin.texts, session.signedInAt, now)
  const isInUse = current || now - session.lastUsedAt < USED_LATELY_MS
  const when = isInUse ? texts.usedLately(signedIn) : texts.used(ago(skin.texts, session.lastUsedAt, now), signedIn)
  const words = html`<div class="what"><p><strong>${device}</strong>${current ? html`<span class="tag">${texts.thisOne}</span>` : undefined}</p>
<p class="soft small">${when}</p></div>`
  if (current) return html`<li>${words}</li>`
  return html`<li>${words}<form method="post" action="/account/sessions/${encodeURIComponent(session.id)}/end">${csrfField(csrfToken)}<button class="button danger compact" type="submit" aria-label="${texts.endFor(device)}">${texts.end}</button></form></li>`
}

/** Where those are that come after. */
export function morePath(next: string | undefined): string | undefined {
  return next === undefined ? undefined : `/account/sessions?after=${encodeURIComponent(next)}`
}

function moreLink({ texts }: Skin, path: string | undefined): Html | undefined {
  return path === undefined ? undefined : html`<div><a class="button quiet compact" href="${path}">${texts.sessions.more}</a></div>`
}

export function sessionsSection({ engine, methods }: Pick<PageParts, 'engine' | 'methods'>): AccountSection {
  return {
    id: 'sessions',
    heading: (texts) => texts.sessions.heading,
    async body({ call, session: here }, view) {
      const { items, next } = await engine.sessionPage(call, here.accountId, { limit: SHOWN })
      const others = items.filter(({ id }) => id !== here.id)
      const rows = [sessionRow(here, true, view), ...others.map((session) => sessionRow(session, false, view))]
      const { words, wordsNoPassword } = view.skin.texts.sessions
      const isAlone = others.length === 0 && next === undefined
      return html`<p class="soft">${methods.password ? words : wordsNoPassword}</p><ul class="rows">${rows}</ul>${moreLink(view.skin, morePath(next))}${isAlone ? undefined : endingOthers(view)}`
    },
  }
}

function endingOthers({ skin, csrfToken, state }: SectionView): Html {
  const { sessions: texts } = skin.texts
  return html`<p class="soft small">${texts.othersWords}</p>${message('bad', state.problem)}
<form class="form" method="post" action="/account/sessions/end">${csrfField(csrfToken)}
<label class="choice"><input type="checkbox" name="sure" value="yes" required> <span>${texts.othersSure}</span></label>
<div><button class="button danger" type="submit">${texts.endOthers}</button></div></form>`
}

export interface SessionsView extends Omit<RowView, 'skin'> {
  readonly sessions: readonly BrowserSession[]
  readonly hereId: string
  readonly morePath: string | undefined
}

export function sessionsPage(skin: Skin, { sessions, hereId, morePath: more, ...view }: SessionsView): Html {
  const { sessions: texts, frame } = skin.texts
  const rows = sessions.map((session) => sessionRow(session, session.id === hereId, { skin, ...view }))
  return deskPage(skin, {
    title: texts.heading,
    top: html`<div class="ways"><a class="button quiet compact" href="/account#sessions">${frame.yourAccount}</a></div>`,
    main: html`${lead(texts.heading)}
<section class="sheet" aria-label="${texts.heading}"><ul class="rows">${rows}</ul>${moreLink(skin, more)}</section>`,
  })
}
