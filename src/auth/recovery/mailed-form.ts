// The form behind a mailed link that gives somebody a new way in, and what follows when it is sent. No GET uses anything up: mail scanners look at links.
import type { Call } from '#kernel/call.ts'
import { type Answer, type Exchange, page, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { nameBrowser } from '../browser.ts'
import { endOthers } from '../pages/end-others.ts'
import { errorPage } from '../pages/engine-pages.ts'
import { type FormFailure, formAnswers, formFailure, friendly, type PageParts, skinOf, uidParams } from '../pages/handling.ts'
import type { Texts } from '../texts/en.ts'
import { type DoneWords, donePage } from './pages.ts'
import type { PendingReset, Pressed } from './service.ts'

export interface LinkWords extends DoneWords {
  readonly dead: string
  readonly deadWords: string
  readonly askAgain: string
}

export interface At {
  readonly call: Call
  readonly exchange: Exchange
}

export interface Shown<Pending> {
  readonly pending: Pending
  readonly token: string
  /** This page, with the link, for whoever chooses another language. */
  readonly here: string
  readonly failure?: FormFailure | undefined
}

export interface Sent<Pending, Body> {
  readonly pending: Pending
  readonly body: Body
  /** What the request is known by when it comes again. */
  readonly press: string | undefined
}

/** What is made by the link. */
export interface MailedForm<Pending, Body> {
  readonly path: string
  /** Where another link is asked for. */
  readonly askPath: string
  readonly summaries: { readonly show: string; readonly send: string; readonly done: string }
  readonly body: z.ZodType<Body>
  words(texts: Texts): LinkWords
  pending(call: Call, token: string): Promise<Pending | undefined>
  show(at: At, shown: Shown<Pending>): Promise<Answer>
  /** Uses the link up, unless it gives what is wrong. `dead` when it was used up meanwhile. What it throws is shown in the form where it belongs there. */
  send(at: At, sent: Sent<Pending, Body>): Promise<FormFailure | 'dead' | 'done'>
  /** Where whoever sends again what has used the link up a moment ago goes on; `undefined` for everybody else. */
  doneBefore(call: Call, again: Pressed): Promise<Pick<PendingReset, 'interaction'> | undefined>
  /** What is done with, beside the link: with anything else it is another request. */
  chosen(body: Body): readonly string[]
  /** What was chosen, for the form that is shown again. Never a secret. */
  values(body: Body): Readonly<Record<string, string>>
}

export const linkToken = z.string().max(200).default('')

const common = { site: 'accounts', allow: { who: 'anyone' } } as const
const answers = { ...formAnswers, 410: 'html' } as const

export function mailedFormRoutes<Pending extends PendingReset, Body extends { readonly token: string }>(
  parts: PageParts,
  form: MailedForm<Pending, Body>,
): Route[] {
  const { path, summaries } = form
  return [
    route({
      ...common,
      method: 'GET',
      path,
      rate: 'page',
      summary: summaries.show,
      input: { query: z.strictObject({ token: linkToken }) },
      answers,
      handle: friendly(parts, async (call, { query: { token } }, exchange) => {
        const pending = await form.pending(call, token)
        return pending === undefined ? dead(parts, form, exchange) : show(form, { call, exchange }, { pending, token })
      }),
    }),
    route({
      ...common,
      method: 'POST',
      path,
      rate: 'sign-in',
      summary: summaries.send,
      body: 'form',
      input: { body: form.body },
      answers,
      handle: friendly(parts, (call, { body }, exchange) => send(parts, form, { call, exchange, body })),
    }),
    route({
      ...common,
      method: 'GET',
      path: `${path}/done`,
      rate: 'page',
      summary: summaries.done,
      input: { query: z.strictObject({ interaction: uidParams.shape.uid.optional() }) },
      answers: { 200: 'html', 303: 'empty' },
      handle: async (_call, { query: { interaction } }, exchange) => {
        const skin = skinOf(parts, exchange)
        const signInPath = interaction === undefined ? '/account' : `/interaction/${interaction}`
        if (parts.justDone.on(exchange) === undefined) return seeOther(signInPath)
        return page(donePage(skin, form.words(skin.texts), { signInPath, hasOrganisations: parts.organisations.isOn }))
      },
    }),
  ]
}

function doneAnswer(
  parts: PageParts,
  exchange: Exchange,
  { form, interaction }: { readonly form: Pick<MailedForm<never, never>, 'path'>; readonly interaction: string | undefined },
): Answer {
  // Nobody is signed in by this, so the form of another tab is as good as before, and hears the same.
  const query = interaction === undefined ? '' : `?interaction=${interaction}`
  return parts.justDone.leadTo(exchange, { page: `${form.path}/done`, query })
}

type Dying = Pick<MailedForm<never, never>, 'path' | 'askPath' | 'words'>

function dead(parts: PageParts, { path, askPath, words: wordsOf }: Dying, exchange: Exchange): Answer {
  // Without the link: the pages of all dead ones are the same.
  const skin = skinOf(parts, exchange, path)
  const { dead: heading, deadWords: words, askAgain } = wordsOf(skin.texts)
  return page(errorPage(skin, { heading, words, ways: [{ words: askAgain, path: askPath }] }), 410)
}

function show<Pending, Body>(form: MailedForm<Pending, Body>, at: At, shown: Omit<Shown<Pending>, 'here'>): Promise<Answer> {
  // So that a second press of the button is known to be of the same browser.
  nameBrowser(at.exchange)
  return form.show(at, { ...shown, here: `${form.path}?${new URLSearchParams({ token: shown.token }).toString()}` })
}

async function send<Pending extends PendingReset, Body extends { readonly token: string }>(
  parts: PageParts,
  form: MailedForm<Pending, Body>,
  { body, ...at }: At & { readonly body: Body },
): Promise<Answer> {
  const { call, exchange } = at
  const { token } = body
  const press = parts.justDone.pressOf(exchange, [token, ...form.chosen(body)])
  const over = async (): Promise<Answer> => {
    const before = await form.doneBefore(call, { token, press })
    return before === undefined ? dead(parts, form, exchange) : doneAnswer(parts, exchange, { form, interaction: before.interaction })
  }
  const pending = await form.pending(call, token)
  if (pending === undefined) return await over()
  const sent = await form
    .send(at, { pending, body, press })
    .catch((error: unknown) => formFailure(skinOf(parts, exchange).texts, error, form.values(body)))
  if (sent === 'dead') return await over()
  if (sent !== 'done') return show(form, at, { pending, token, failure: sent })
  const { accountId, interaction } = pending
  await endOthers(parts, call, accountId)
  return doneAnswer(parts, exchange, { form, interaction })
}
