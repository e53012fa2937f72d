// What a form carries after suspicion. Without a script people wait, and are told how long.
import type { Call } from '#kernel/call.ts'
import { type Html, html } from '#kernel/html.ts'
import type { Exchange } from '#kernel/http/route.ts'
import { type Schema, z } from '#kernel/schema.ts'
import { typedAddress } from '../accounts/email.ts'
import { browserOf, deviceOf, nameBrowser } from '../browser.ts'
import { puzzleScriptPath } from '../pages/assets.ts'
import type { Skin } from '../pages/layout.ts'
import type { PuzzlePlace } from './puzzle.ts'
import type { Due, Guard, GuardAsker, Said } from './service.ts'

export function guardPart({ texts, nonce, language }: Skin, due: Due | undefined): Html | undefined {
  if (due === undefined) return undefined
  if (due.kind === 'challenge') return html`<div class="guard">${due.definition.render({ nonce, language })}</div>`
  const { text, bits, waitSeconds } = due.puzzle
  const { guard } = texts
  return html`<div class="guard" data-puzzle="${text}" data-bits="${bits}">
<input type="hidden" name="puzzle" value="${text}"><input type="hidden" name="puzzle_answer" value="">
<p class="soft small" data-state="waiting">${guard.wait(waitSeconds)}</p>
<p class="soft small" role="status" data-state="working" hidden>${guard.working}</p>
<p class="soft small" role="status" data-state="solved" hidden>${guard.solved}</p>
</div>
<script type="module" src="${puzzleScriptPath}" nonce="${nonce}"></script>`
}

/** What a form has to carry now, for the page that is made with it: that page lets in what the challenge of the app loads. */
export async function dueOn(
  guard: Guard,
  { call, exchange }: { readonly call: Call; readonly exchange: Exchange },
  form: { readonly asker: GuardAsker; readonly name: string; readonly lacked?: number | undefined },
): Promise<Due | undefined> {
  const due = await guard.due(call, form.asker, { place: guardPlace(exchange, form.name), lacked: form.lacked })
  if (due?.kind === 'challenge' && due.definition.sources !== undefined) exchange.allowSources(due.definition.sources)
  return due
}

const MAX_PUZZLE = 100
const MAX_CHALLENGE = 8000

/** The fields that a guarded form may have. Widgets name theirs themselves. */
export function guardFields({ field }: Guard): Readonly<Record<'puzzle' | 'puzzle_answer', Schema<string>>> {
  const short = z.string().max(MAX_PUZZLE).default('')
  const own = field === undefined ? {} : { [field]: z.string().max(MAX_CHALLENGE).default('') }
  return { ...own, puzzle: short, puzzle_answer: short }
}

function guardPlace(exchange: Exchange, form: string): PuzzlePlace {
  return { form, browser: nameBrowser(exchange) }
}

export function guardAsker(exchange: Exchange, { email, password }: { email?: string | undefined; password?: string }): GuardAsker {
  const { client } = exchange
  const address = email === undefined ? undefined : typedAddress(email)
  return { address, password, client, network: exchange.network(), device: deviceOf(exchange) }
}

export function guardSaid(guard: Guard, { exchange, form, body }: { exchange: Exchange; form: string; body: object }): Said {
  const fields = new Map<string, unknown>(Object.entries(body))
  const text = (name: string): string => {
    const value = fields.get(name)
    return typeof value === 'string' ? value : ''
  }
  return {
    place: { form, browser: browserOf(exchange) ?? '' },
    puzzle: text('puzzle'),
    answer: text('puzzle_answer'),
    challenge: guard.field === undefined ? '' : text(guard.field),
  }
}
