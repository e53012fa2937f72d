// Signing in on another device: typing its code, saying that it is one's own, and that it is done.
import { deviceWords } from './words.ts'
import { type Html, html } from '#kernel/html.ts'
import { guardPart } from '../guard/part.ts'
import type { Due } from '../guard/service.ts'
import { lead, message, type Skin, stagePage } from './layout.ts'

export interface DeviceCodeView {
  readonly action: string
  readonly xsrf: string
  readonly code: string
  readonly problem?: 'unknown' | 'expired' | 'used' | 'aborted' | 'failed' | 'often' | 'puzzle' | 'again' | undefined
  readonly due?: Due | undefined
}

export function devicePage(skin: Skin, { action, xsrf, code, problem, due }: DeviceCodeView): Html {
  const { device } = skin.texts
  return stagePage(skin, {
    title: device.title,
    main: html`${lead(device.title, device.lead)}
${message('bad', problem === undefined ? undefined : problemWords(skin, problem))}
<form class="form" method="post" action="${action}"><input type="hidden" name="xsrf" value="${xsrf}">
<div class="field"><label for="user_code">${device.code}</label>
<input id="user_code" name="user_code" type="text" value="${code}" required autofocus autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="20" aria-describedby="user_code-hint">
<p class="hint" id="user_code-hint">${device.hint}</p></div>
${guardPart(skin, due)}
<button class="button" type="submit">${device.submit}</button></form>`,
  })
}

function problemWords({ texts: { device, guard } }: Skin, problem: NonNullable<DeviceCodeView['problem']>): string {
  return problem === 'puzzle' ? `${guard.needed} ${guard.sendAgain}` : device.problems[problem]
}

export interface DeviceConfirmView {
  readonly action: string
  readonly xsrf: string
  readonly code: string
  readonly app: string
  readonly device: string
  readonly due?: Due | undefined
}

/** RFC 8628 section 5.4: whoever was sent a code by somebody else must see what it opens. */
export function deviceConfirmPage(skin: Skin, { action, xsrf, code, app, device: name, due }: DeviceConfirmView): Html {
  const { device } = skin.texts
  return stagePage(skin, {
    title: device.confirmTitle(app),
    main: html`${lead(device.confirmTitle(app), device.confirmLead(app, deviceWords(skin.texts, name)))}
<p class="label">${device.sameCode}</p><p><code class="big wrap">${code}</code></p>
${message('warn', device.beware)}
<form class="form" method="post" action="${action}"><input type="hidden" name="xsrf" value="${xsrf}"><input type="hidden" name="user_code" value="${code}">
${guardPart(skin, due)}
<div class="buttons"><button class="button" type="submit" name="confirm" value="yes">${device.confirm}</button><button class="button quiet" type="submit" name="abort" value="yes">${device.abort}</button></div></form>`,
  })
}

export function deviceDonePage(skin: Skin): Html {
  const { device } = skin.texts
  return stagePage(skin, { title: device.doneTitle, main: lead(device.doneTitle, device.done) })
}
