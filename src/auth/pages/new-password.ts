// The field for a new password, with a hint for everybody and, where there are scripts, how hard it is to guess.
import { type Html, html } from '#kernel/html.ts'
import { strengthScriptPath } from './assets.ts'
import { field, type Skin } from './layout.ts'

interface NewPassword {
  readonly label: string
  readonly problem: string | undefined
  readonly focus: boolean
}

export function newPasswordField(skin: Skin, { label, problem, focus }: NewPassword): Html {
  const { signUp, strength } = skin.texts
  const { weak, fair, good, strong, ...why } = strength
  // The words of each level and reason are read by the script, so that they are in the language of the page.
  return html`<div class="new-password">
${field({ name: 'password', label, type: 'password', autocomplete: 'new-password', hint: signUp.passwordHint, problem, focus })}
<div class="strength" data-strength data-product="${skin.productName}" data-level1="${weak}" data-level2="${fair}" data-level3="${good}" data-level4="${strong}"
 data-short="${why.short}" data-yours="${why.yours}" data-common="${why.common}" data-repeats="${why.repeats}" data-row="${why.row}" data-year="${why.year}" data-more="${why.more}" hidden>
<div class="bars" aria-hidden="true"><span></span><span></span><span></span><span></span></div>
<p class="hint" role="status"></p>
</div></div>
<script type="module" src="${strengthScriptPath}" nonce="${skin.nonce}"></script>`
}
